const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** `61706` → `61,706`. */
export function formatCount(count: number): string {
  return counts.format(count);
}

const prefixes = ['', 'k', 'M', 'G', 'T', 'P'];

/** Three significant digits and an SI prefix: `30873000` → `30.9M`, and with a unit `30.9 MB`. */
export function formatSI(value: number, unit = ''): string {
  if (!Number.isFinite(value)) return `${value}${unit && ` ${unit}`}`;
  let scaled = value;
  let power = 0;
  // 999.5 would be written as 1000.
  while (Math.abs(scaled) >= 999.5 && power < prefixes.length - 1) {
    scaled /= 1000;
    power++;
  }
  const digits = Math.abs(scaled) < 999.5 ? String(Number(scaled.toPrecision(3))) : formatCount(scaled);
  return `${digits}${unit && ' '}${prefixes[power]}${unit}`;
}

/**
 * Four significant digits, as a loss or a learning rate is read: `0.31236` → `0.3124`, `0.00001234` → `1.234e-5`. Zeros at the end stay,
 * so that a changing number keeps its width; those of powers of ten go.
 */
export function formatNumber(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) {
    const [digits, exponent] = value.toExponential(3).split('e');
    return `${Number(digits)}e${Number(exponent)}`;
  }
  if (size >= 1000) return formatCount(value);
  return value.toPrecision(4);
}

/** `0.8871` → `88.7%`. Never rounded up to 100. */
export function formatPercent(fraction: number): string {
  if (!Number.isFinite(fraction)) return String(fraction);
  const percent = fraction * 100;
  return `${(percent < 100 ? Math.min(percent, 99.9) : percent).toFixed(1)}%`;
}

/** The two largest units: `64000` → `1m 04s`, `8_000_000` → `2h 13m`; under ten seconds with a decimal, `3.2s`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms) || ms < 0) return '–';
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}
