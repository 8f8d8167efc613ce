import { Worker } from 'node:worker_threads';

/**
 * A thread that runs a module beside the caller.
 * @param name without its ending: JavaScript once built, TypeScript from source
 * @param base the caller's import.meta.url
 */
export function startThread(name: string, base: string, workerData: unknown): Worker {
  if (!base.endsWith('.ts')) return new Worker(new URL(`${name}.js`, base), { workerData });
  // From source: tsx, which loads TypeScript, is at work in the first thread only, and must be called in this one, too.
  const module = new URL(`${name}.ts`, base).href;
  const loader = import.meta.resolve('tsx/esm/api');
  const code = `import(${JSON.stringify(loader)}).then(({ register }) => {
    register();
    return import(${JSON.stringify(module)});
  });`;
  return new Worker(code, { eval: true, workerData });
}
