import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { formula } from '../../src/formula/index.js';
import type { Basins } from '../../src/landscape/basins.js';
import { Path } from '../../src/landscape/path.js';
import { basinsPreview } from './basins-preview.js';
import { Plot, walkPaint } from './plot.js';
import { terminalCurve, terminalMap } from './terminal-map.js';

const show = (lines: readonly string[]) => `\n${lines.join('\n')}\n`;

function pathOf(points: readonly (readonly number[])[], values: readonly number[] = []): Path {
  const path = new Path(points[0].length);
  const [coordinates, recorded] = path.room(points.length);
  points.forEach((point, row) => coordinates.set(point, row * point.length));
  recorded.set(values);
  path.commit(points.length);
  return path;
}

/** Twenty steps of gradient descent, by hand: x and y shrink by factors of their own. */
const spiral = pathOf(Array.from({ length: 20 }, (_, k) => [1.5 * 0.8 ** k, 1.2 * (-0.7) ** k]));

test('a bowl with a walk into it', () => {
  const points = [{ place: [0, 0] as const, kind: 'minimum' as const }];
  const box = [
    [-2, 2],
    [-1.5, 1.5],
  ] as const;
  expect(show(terminalMap(formula('x^2 + y^2'), box, [spiral], { columns: 56, points })))
    .toMatchInlineSnapshot(`
      "
       1.5 ┤⠘  ⠄  ⡀   ⡀⠄⠈    ⢀⡀⠤ ⠤ ⠤ ⢀⡀    ⠁⠂⢄  ⠐⢄  ⠂  ⠡
           │ ⡀⠁ ⠠⠊  ⠠⠊    ⠤⠒⠁          ⠈      ⠁   a  ⠘⢄ 
           │⡐⠁ ⠠   ⠄   ⠠⠊⠁      ⡀⢀⡀⢀      ⠈⠁    ⠐⢀⠇ ⠂ ⠈⢄
           │  ⠄  ⡀⠁         ⠠⠒ ⠈    ⠁⠐       ⠐⠄  ⢸⢄  ⠂  
           │ ⠠  ⠐⠁  ⡐⠁   ⢀⠐⠁            ⠈⠠⡀   ⠈⢄ ⡸⠈⠄  ⠂ 
           │⢠⠂  ⠅  ⡐⠁   ⠠                  ⢀⢇  ⠈⢄⡇ ⠘   ⡀
           │⡘  ⠠   ⠅   ⢠                ⢀  ⢸⢸   ⢠⠃  ⠂  ⢅
           │⠅  ⡂  ⢠    ⡂              ⡄ ⡞⡄ ⡎⠈⡆  ⢸⡂  ⢠  ⠘
         y │⡂  ⠅  ⠘    ⠅          A⠶⡼⡸⢱⢰⠁⡇⢀⠇⠘⢣  ⡜⠅  ⠘  ⢠
           │⠅  ⡂  ⢠    ⡂             ⠁⠈⠎ ⢸⢸ ⢠⠸⡀ ⡇⡂  ⢠  ⠘
           │⠐  ⢡  ⠈⠄   ⠠⡀                ⠈⡎⢀⠂ ⡇⢰⠁⠁  ⡊  ⠄
           │ ⡀ ⠈⠄  ⠐    ⠡⡀                ⢀⠊  ⢱⢸⠄  ⠐⠁ ⢠⠂
           │ ⢡  ⠘   ⠐     ⠂              ⠄    ⠘⡎   ⠅  ⡊ 
           │  ⢡  ⠐⠄  ⠘⢄    ⠈⠁ ⢄⡀    ⢀⡀⠤⠊⠁    ⡀⠁⠁     ⡘  
           │⠐  ⠡⡀ ⠈⢄   ⠁        ⠈⠁⠈⠁       ⠠⠊   ⡐⠁ ⢀⠊  ⠄
           │ ⠐⠄ ⠁   ⠁    ⠈  ⢀          ⡀⠤⠒⠁   ⠠⠊  ⠠⠊    
      -1.5 ┤⠂ ⠈⢠  ⠐⢄  ⠐⠠⡀    ⠁⠈ ⠒ ⠒ ⠒⠁⠈    ⢀⠐   ⡀   ⡐⠁ ⠄
           └────────────────────────────────────────────
            -2                    x                    2
      levels 1, 2, 3, 4, 5, 6   + known minimum
      "
    `);
});

test('a curve with its steps', () => {
  const steps = [1, 0.5, 0.25, 0.125, 0.0625];
  const path = pathOf(
    steps.map((x) => [x]),
    steps.map((x) => x * x),
  );
  expect(show(terminalCurve(formula('x^2'), [-1, 1.5], [path], { columns: 60 }))).toMatchInlineSnapshot(`
    "
      2.317 ┤                                               ⡰
            │                                             ⢀⠜ 
            │                                            ⢠⠊  
            │                                           ⡔⠁   
            │                                         ⡠⠊     
            │                                       ⢀⠜       
          f │⢄                                    ⢀a⠁        
            │ ⠑⢄                                ⢀⠔⠁          
            │   ⠑⠢⡀                           ⡠⠒⠁            
            │     ⠈⠑⠤⡀                     ⡠⠔⠉               
            │        ⠈⠑⠢⢄⣀            ⢀⣀⠤•⠉                  
    -0.0675 ┤             ⠉⠑⠒⠒⠢⠤⠤A•⠒⠒•⠁                      
            └────────────────────────────────────────────────
             -1                      x                    1.5
    "
  `);
});

describe('a plot', () => {
  test('cuts lines off at its frame and passes over what is no number', () => {
    const plot = new Plot(8, 2, [0, 1], [0, 1]);
    plot.draw(
      [
        [-1, -1, 2, 2],
        [NaN, 0, 1, 1],
        [0, 5, 1, 5],
      ],
      walkPaint(0),
    );
    plot.sign(0.5, 7, '!', walkPaint(0));
    plot.sign(NaN, 0, '!', walkPaint(0));
    expect(show(plot.toLines({ xName: 'x', yName: 'y' }))).toMatchInlineSnapshot(`
      "
      1 ┤    ⣀⠤⠒⠉
      y │⣀⠤⠒⠉    
        └────────
         0   x  1
      "
    `);
  });

  test('has the last layer on top, in its colour, and signs over all', () => {
    const plot = new Plot(4, 1, [0, 1], [0, 1]);
    plot.draw([[0, 0, 1, 0]], walkPaint(0));
    plot.draw([[0, 0, 0.4, 0]], walkPaint(2));
    plot.sign(1, 0, 'A', walkPaint(1, { bold: true }));
    const tag = (format: unknown, text: string) => `<${String(format)} ${text}>`;
    const [line] = plot.toLines({ xName: 'x', yName: 'y', style: tag });
    expect(line).toContain('<magenta ⣀><magenta ⣀><red ⣀><bold <yellow A>>');
  });
});

describe('a preview of basins', () => {
  const basins: Basins = {
    grid: { x: [0, 1], y: [0, 1], columns: 4, rows: 4 },
    minima: [],
    labels: Int32Array.of(0, 0, 1, 1, 0, 0, 1, 10, 0, -1, 1, 1, -2, -1, 1, 1),
    arrivals: new Float32Array(16),
    moving: 0,
    lost: 0,
    radius: 0.1,
  };

  test('is letters without colours and half blocks with them', () => {
    expect(basinsPreview(basins, 4, (_, text) => text)).toEqual(['1122', '1·22']);
    const colored = basinsPreview(
      basins,
      4,
      (format, text) => `\u001b[${String(format).length}m${text}\u001b[0m`,
    );
    expect(colored.map(stripVTControlCharacters)).toEqual(['▀▀▀▀', '▀▀▀▀']);
    // Cells that share their colours share the codes.
    expect(colored[0].match(/▀+/g)).toEqual(['▀▀', '▀', '▀']);
  });
});
