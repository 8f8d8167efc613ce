const raised = '⁰¹²³⁴⁵⁶⁷⁸⁹';

/** Characters of indices that can be written below the line. */
const lowered: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Array.from('₀₁₂₃₄₅₆₇₈₉', (digit, value) => [String(value), digit])),
  '+': '₊',
  '-': '₋',
  i: 'ᵢ',
  j: 'ⱼ',
  k: 'ₖ',
  n: 'ₙ',
};

/** Minus signs in place of hyphens before numbers. */
export function printed(text: string): string {
  return text.replaceAll(/-(?=[\d∞.])/g, '−');
}

function withSubscripts(text: string): string {
  return text.replaceAll(/(\p{Letter})\[([-+\dijkn\s]+)\]/gu, (_, name: string, index: string) => {
    return name + Array.from(index.replaceAll(/\s/g, ''), (character) => lowered[character]).join('');
  });
}

/** A formula as it is read in print: `x^2 - x*y` as x² − x·y. For titles; it need not be read back. */
export function typeset(formula: string): string {
  const sum = /^sum\((.*),\s*([ijk]),\s*([^,()]+),\s*([^,()]+)\)$/.exec(formula.trim());
  if (sum !== null) {
    const [, body, index, from, to] = sum;
    return `Σ ${typeset(body)},  ${index} = ${from} … ${typeset(to)}`;
  }
  return withSubscripts(formula)
    .trim()
    .replaceAll('**', '^')
    .replaceAll(/\^\s*(\d+)(?![\d.])/g, (_, digits: string) =>
      Array.from(digits, (digit) => raised[Number(digit)]).join(''),
    )
    .replaceAll(/\s*\*\s*/g, '·')
    .replaceAll('-', '−')
    .replaceAll(/\bpi\b/g, 'π')
    .replaceAll(/\s+/g, ' ');
}

/** Cuts a text to about a number of characters, ending in …. */
export function shorten(text: string, length: number): string {
  const characters = Array.from(text);
  const kept = Math.max(0, Math.floor(length) - 1);
  return characters.length <= length ? text : `${characters.slice(0, kept).join('').trimEnd()}…`;
}

/** A number with up to `digits` significant digits and no zeros at the end: 0.5, 1.234e-5, -3. */
export function numberText(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'no number' : value > 0 ? '∞' : '-∞';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  const isPlain = size === 0 || (size >= 1e-4 && size < 1e6);
  return isPlain ? String(rounded) : rounded.toExponential().replace('e+', 'e');
}
