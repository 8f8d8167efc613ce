import { createRequire } from 'node:module';
import { Resvg } from '@resvg/resvg-js';

/** Pixels of a PNG for one of its SVG: sharp when projected and in print. */
const zoom = 2;

const faces = ['DejaVuSans', 'DejaVuSans-Bold', 'DejaVuSans-Oblique'];

/** The typeface of the pictures, so that a machine without any shows labels too; none where its package is missing. */
function fontFiles(): string[] {
  const { resolve } = createRequire(import.meta.url);
  try {
    return faces.map((face) => resolve(`dejavu-fonts-ttf/ttf/${face}.ttf`));
  } catch {
    return [];
  }
}

/** The pixels of an SVG picture, as PNG. */
export function pngOf(svg: string): Buffer {
  const files = fontFiles();
  const font = {
    fontFiles: files,
    // Reading all of the machine's typefaces takes longer than drawing.
    loadSystemFonts: files.length === 0,
    defaultFontFamily: 'DejaVu Sans',
  };
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: zoom }, font }).render().asPng();
}
