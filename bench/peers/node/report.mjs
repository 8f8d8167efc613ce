/** What the JavaScript peers share: timing, and the one JSON line that bench/compare.ts reads. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export function say(fields) {
  console.log(JSON.stringify(fields));
}

/** The package's namespace, or the honest end of a peer that is not installed. */
export async function load(...packages) {
  try {
    return await Promise.all(packages.map((name) => import(name)));
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    say({ missing: `${packages[0]} is not installed; npm run bench -- install-peers` });
    process.exit(0);
  }
}

export function versionOf(name) {
  let directory = dirname(createRequire(import.meta.url).resolve(name));
  for (;;) {
    try {
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      if (manifest.name === name) return manifest.version;
    } catch {
      // no manifest here: look in the folder above
    }
    directory = dirname(directory);
  }
}

/**
 * Times `step()`, which must wait for its own result, until `seconds` are over, and scales a small batch to the asked one.
 * @returns {ms: {min, median, max}, count, cores, rssMb}
 */
export async function measure(step, { seconds = 2, least = 3, most = 1000, scale = 1, settle = 2 } = {}) {
  for (let i = 0; i < settle; i++) await step();
  const times = [];
  const cpu = process.cpuUsage();
  const start = performance.now();
  while (times.length < least || (performance.now() - start < seconds * 1e3 && times.length < most)) {
    const t = performance.now();
    await step();
    times.push((performance.now() - t) * scale);
  }
  const wall = performance.now() - start;
  const used = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  return {
    ms: { min: times[0], median: times[times.length >> 1], max: times[times.length - 1] },
    count: times.length,
    cores: (used.user + used.system) / 1e3 / wall,
    rssMb: process.resourceUsage().maxRSS / 1024,
  };
}
