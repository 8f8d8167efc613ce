/**
 * The value that Student's t with `freedom` degrees of freedom exceeds in absolute value with probability `outside` (Hill 1970,
 * algorithm 396, good to about five digits).
 */
export function studentQuantile(outside: number, freedom: number): number {
  if (freedom < 1) return Infinity;
  if (freedom === 1) return 1 / Math.tan((outside * Math.PI) / 2);
  if (freedom === 2) return Math.sqrt(2 / (outside * (2 - outside)) - 2);
  const a = 1 / (freedom - 0.5);
  const b = (48 / a) * (1 / a);
  let c = (((20700 * a) / b - 98) * a - 16) * a + 96.36;
  const d = ((94.5 / (b + c) - 3) / b + 1) * Math.sqrt((a * Math.PI) / 2) * freedom;
  let x = d * outside;
  let y = x ** (2 / freedom);
  if (y > 0.05 + a) {
    x = normalQuantile(outside / 2);
    y = x * x;
    if (freedom < 5) c += 0.3 * (freedom - 4.5) * (x + 0.6);
    c = (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b + c;
    y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x;
    y = Math.expm1(a * y * y);
  } else {
    y =
      ((1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3) + 0.5 / (freedom + 4)) *
        y -
        1) *
        ((freedom + 1) / (freedom + 2)) +
      1 / y;
  }
  return Math.sqrt(freedom * y);
}

/** The value that a standard normal number falls short of with probability `below` (Abramowitz & Stegun 26.2.23, error < 4.5e-4). */
function normalQuantile(below: number): number {
  const t = Math.sqrt(-2 * Math.log(below));
  const top = 2.515517 + t * (0.802853 + t * 0.010328);
  return -(t - top / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
}
