/**
 * Performance profiles (Dolan and Moré 2002): for each solver the share of problems that it solves with at most τ times the cost
 * of the solver that is cheapest on that problem. At τ = 1 it reads how often a solver is the best one, far to the right how often it
 * solves a problem at all. Where more than two solvers are compared, only the best one is compared with all others: the order of the
 * rest may change without it (Gould and Scott 2016).
 */
export interface Profile {
  readonly name: string;
  /** For each problem, the cost as a multiple of the least one; ∞ where the solver failed. Ascending. */
  readonly ratios: readonly number[];
}

/**
 * Profiles from costs, positive, ∞ for failures. Problems that nobody solves stay in the count.
 * @param costs [solver][problem]
 */
export function performanceProfiles(
  names: readonly string[],
  costs: readonly (readonly number[])[],
): Profile[] {
  const problems = costs[0]?.length ?? 0;
  const least = Array.from({ length: problems }, (_, problem) =>
    Math.min(...costs.map((list) => list[problem])),
  );
  return names.map((name, solver) => {
    const ratios = costs[solver].map((cost, problem) =>
      cost === Infinity ? Infinity : cost / least[problem],
    );
    return { name, ratios: ratios.sort((a, b) => a - b) };
  });
}

/** The share of problems solved with at most `factor` times the least cost. */
export function solvedShare({ ratios }: Profile, factor: number): number {
  const solved = ratios.filter((ratio) => ratio <= factor && ratio < Infinity).length;
  return ratios.length === 0 ? 0 : solved / ratios.length;
}
