/** A surface over a grid as a glTF 2.0 file (Khronos Group, ISO/IEC 12113), which 3-D viewers and web pages show: one mesh, all in one JSON text. */
import { ScreeError } from '../graph/errors.js';
import type { Grid } from './contour.js';
import { depthColor } from './draw-colors.js';

export interface GltfOptions {
  readonly title?: string;
  /** Draw the logarithm of the values, where all are above 0; false by default. */
  readonly logarithmic?: boolean;
}

const FLOAT = 5126;
const UNSIGNED_INT = 5125;
const ARRAY_BUFFER = 34962;
const ELEMENT_ARRAY_BUFFER = 34963;

/**
 * The surface in a box of 2 × 2 (the longer side) and 1 high, y up, the second variable away from the viewer, coloured by height;
 * `extras` say what the box stands for. Cells at a value that is not finite are left out.
 * @returns the text of a .gltf file
 * @throws ScreeError where no cell has four finite corners
 */
export function surfaceGltf(
  grid: Grid,
  { title = 'surface', logarithmic = false }: GltfOptions = {},
): string {
  const { columns, rows, x, y } = grid;
  const isPositive = grid.values.every((value) => !Number.isFinite(value) || value > 0);
  const isLog = logarithmic && isPositive;
  const values = isLog ? grid.values.map(Math.log) : grid.values;
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const longer = Math.max(x[1] - x[0], y[1] - y[0]);
  const width = (2 * (x[1] - x[0])) / longer;
  const depth = (2 * (y[1] - y[0])) / longer;
  const share = (index: number) =>
    Number.isFinite(values[index]) && high > low ? (values[index] - low) / (high - low) : 0;

  const count = columns * rows;
  const positions = new Float32Array(3 * count);
  const normals = new Float32Array(3 * count);
  const colors = new Float32Array(3 * count);
  for (let row = 0, index = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, index++) {
      positions[3 * index] = width * (column / (columns - 1) - 0.5);
      positions[3 * index + 1] = share(index);
      positions[3 * index + 2] = -depth * (row / (rows - 1) - 0.5);
      const [left, right] = [Math.max(0, column - 1), Math.min(columns - 1, column + 1)];
      const [near, far] = [Math.max(0, row - 1), Math.min(rows - 1, row + 1)];
      const slopeX =
        (share(row * columns + right) - share(row * columns + left)) /
        ((width * (right - left)) / (columns - 1));
      const slopeY =
        (share(far * columns + column) - share(near * columns + column)) /
        ((depth * (far - near)) / (rows - 1));
      const length = Math.hypot(slopeX, 1, slopeY);
      normals.set([-slopeX / length, 1 / length, slopeY / length], 3 * index);
      colors.set(linearColor(depthColor(share(index))), 3 * index);
    }
  }
  const triangles: number[] = [];
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const a = row * columns + column;
      const [b, c, d] = [a + 1, a + columns, a + columns + 1];
      if ([a, b, c, d].every((index) => Number.isFinite(values[index]))) triangles.push(a, b, d, a, d, c);
    }
  }
  if (triangles.length === 0)
    throw new ScreeError('surfaceGltf: no cell of the grid has four finite corners');
  const indices = Uint32Array.from(triangles);
  const buffer = concatenate([positions, normals, colors, indices]);
  const bytes = positions.byteLength;
  const view = (byteOffset: number, byteLength: number, target: number) => ({
    buffer: 0,
    byteOffset,
    byteLength,
    target,
  });
  const accessor = (bufferView: number, more: object = {}) => ({
    bufferView,
    componentType: FLOAT,
    count,
    type: 'VEC3',
    ...more,
  });
  const document = {
    asset: { version: '2.0', generator: 'Scree' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0, name: title }],
    meshes: [
      {
        name: title,
        primitives: [
          { attributes: { POSITION: 0, NORMAL: 1, COLOR_0: 2 }, indices: 3, material: 0, mode: 4 },
        ],
        extras: {
          x,
          y,
          lowest: isLog ? Math.exp(low) : low,
          highest: isLog ? Math.exp(high) : high,
          logarithmic: isLog,
        },
      },
    ],
    materials: [{ doubleSided: true, pbrMetallicRoughness: { metallicFactor: 0, roughnessFactor: 0.8 } }],
    accessors: [
      accessor(0, extent(positions)),
      accessor(1),
      accessor(2),
      { bufferView: 3, componentType: UNSIGNED_INT, count: indices.length, type: 'SCALAR' },
    ],
    bufferViews: [
      view(0, bytes, ARRAY_BUFFER),
      view(bytes, bytes, ARRAY_BUFFER),
      view(2 * bytes, bytes, ARRAY_BUFFER),
      view(3 * bytes, indices.byteLength, ELEMENT_ARRAY_BUFFER),
    ],
    buffers: [{ byteLength: buffer.length, uri: `data:application/octet-stream;base64,${base64(buffer)}` }],
  };
  return `${JSON.stringify(document)}\n`;
}

/** Colours of vertices are linear light; ours are sRGB. */
function linearColor(hex: string): number[] {
  return [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
}

function extent(positions: Float32Array): { min: number[]; max: number[] } {
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  positions.forEach((value, index) => {
    min[index % 3] = Math.min(min[index % 3], value);
    max[index % 3] = Math.max(max[index % 3], value);
  });
  return { min, max };
}

/** Little-endian, as glTF wants and every machine that Node runs on is. */
function concatenate(arrays: readonly (Float32Array | Uint32Array)[]): Uint8Array {
  const result = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const array of arrays) {
    result.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return result;
}

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const word = (bytes[at] << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const four = [18, 12, 6, 0].map((shift) => digits[(word >> shift) & 63]);
    if (left < 3) four[3] = '=';
    if (left < 2) four[2] = '=';
    parts.push(four.join(''));
  }
  return parts.join('');
}
