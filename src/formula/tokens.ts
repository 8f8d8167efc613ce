import { FormulaError } from './errors.js';

export type TokenKind = 'number' | 'name' | 'symbol' | 'superscript' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** Canonical text: greek letters and typographic signs as their plain spelling, superscripts as digits. */
  readonly text: string;
  /** Place of the first character, and the place after the last one. */
  readonly at: number;
  readonly end: number;
}

/** The longest formula that is read, in characters. */
const maximumLength = 1_000_000;

/** The greek letters, which a formula may write by letter or by name. */
export const greekLetters: Readonly<Record<string, string>> = {
  alpha: 'α',
  beta: 'β',
  gamma: 'γ',
  delta: 'δ',
  epsilon: 'ε',
  zeta: 'ζ',
  eta: 'η',
  theta: 'θ',
  iota: 'ι',
  kappa: 'κ',
  lambda: 'λ',
  mu: 'μ',
  nu: 'ν',
  xi: 'ξ',
  omicron: 'ο',
  pi: 'π',
  rho: 'ρ',
  sigma: 'σ',
  tau: 'τ',
  upsilon: 'υ',
  phi: 'φ',
  chi: 'χ',
  psi: 'ψ',
  omega: 'ω',
  Gamma: 'Γ',
  Delta: 'Δ',
  Theta: 'Θ',
  Lambda: 'Λ',
  Xi: 'Ξ',
  Pi: 'Π',
  Sigma: 'Σ',
  Phi: 'Φ',
  Psi: 'Ψ',
  Omega: 'Ω',
};

const greekNames = new Map(Object.entries(greekLetters).map(([name, letter]) => [letter, name]));

const superscripts = '⁰¹²³⁴⁵⁶⁷⁸⁹';

const spellings = new Map(
  Object.entries({
    '**': '^',
    '−': '-',
    '·': '*',
    '⋅': '*',
    '×': '*',
    '÷': '/',
    '≤': '<=',
    '≥': '>=',
    '≠': '!=',
  }),
);

const number = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const name = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const superscript = /[⁰¹²³⁴⁵⁶⁷⁸⁹]+/y;
const symbol = /\*\*|<=|>=|==|!=|[-+*/^()[\],|<>−·⋅×÷≤≥≠]/y;
/** Signs of which no longer one begins with: read without a pattern, since long formulas are mostly made of them. */
const lonely = '-+/^()[],|';

function match(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128 ? code === 32 || (code >= 9 && code <= 13) : /\s/.test(text[at]);
}

function isLetter(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95;
}

/** The name at a place. A lone ASCII letter, the most frequent name, is told without a pattern. */
function matchName(text: string, at: number): string | undefined {
  const code = text.charCodeAt(at);
  if (code < 128) {
    if (!isLetter(code)) return undefined;
    const next = text.charCodeAt(at + 1);
    const ends = Number.isNaN(next) || (next < 128 && !isLetter(next) && !(next >= 48 && next <= 57));
    if (ends) return text[at];
  }
  return match(name, text, at);
}

function unexpected(text: string, at: number): FormulaError {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  if (character === '=') return new FormulaError('a formula has no "="; write "==" in a condition', text, at);
  if (character === '!')
    return new FormulaError('a formula has no factorial; write prod(k, k, 1, n)', text, at);
  return new FormulaError(`"${character}" has no meaning in a formula`, text, at);
}

function tokenAt(text: string, at: number): Token {
  const token = (kind: TokenKind, raw: string, canonical = raw): Token => ({
    kind,
    text: canonical,
    at,
    end: at + raw.length,
  });
  if (lonely.includes(text[at])) return token('symbol', text[at]);
  const word = matchName(text, at);
  if (word !== undefined) return token('name', word, greekNames.get(word) ?? word);
  const sign = match(symbol, text, at);
  if (sign !== undefined) return token('symbol', sign, spellings.get(sign) ?? sign);
  const digits = match(number, text, at);
  if (digits !== undefined) {
    if (Number.isFinite(Number(digits))) return token('number', digits);
    throw new FormulaError('this number is larger than the largest double, 1.8e308', text, at);
  }
  const raised = match(superscript, text, at);
  if (raised !== undefined) {
    return token(
      'superscript',
      raised,
      raised.replace(/./g, (digit) => String(superscripts.indexOf(digit))),
    );
  }
  throw unexpected(text, at);
}

/**
 * The words of a formula, closed by one token of kind `end`. White space and line breaks only separate.
 * @throws FormulaError on a character that has no meaning, and on a text longer than a million characters.
 */
export function tokenize(text: string): Token[] {
  if (text.length > maximumLength) {
    const limit = maximumLength.toLocaleString('en');
    throw new FormulaError(
      `a formula may have ${limit} characters, this one has ${text.length.toLocaleString('en')}`,
      text,
      0,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (isSpace(text, at)) {
      at++;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', at: text.length, end: text.length });
  return tokens;
}

/** Whether a text is one name, as formulas write it: greek letters by their names. */
export function isName(text: string): boolean {
  return match(name, text, 0) === text && !greekNames.has(text);
}
