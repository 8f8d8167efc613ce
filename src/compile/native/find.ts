import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { NativeUnavailable, openLibrary, type Library } from './binding/library.js';

/** The environment variable that names a library. */
export const libraryVariable = 'SCREE_ONEDNN';

/** The build that `scree native install` brings. */
export const pinnedVersion = '3.1';

/** Where a library was found, or was looked for. */
export interface Candidate {
  readonly path: string;
  readonly source: string;
}

/** The user's folder for what can be brought or made again. */
export function cacheFolder(): string {
  const base = process.env.XDG_CACHE_HOME;
  return join(base !== undefined && base !== '' ? base : join(homedir(), '.cache'), 'scree');
}

/** Where `scree native install` puts the library. */
export function installedLibrary(): string {
  return join(cacheFolder(), `onednn-${pinnedVersion}`, 'libdnnl.so.3');
}

/** The npm package that carries the library for a platform, by Node's names of it: `npm run pack:native` builds them. */
export function platformPackage(platform: string, architecture: string): string {
  return `@scree/onednn-${platform}-${architecture}`;
}

/** A platform package from npm, if one is installed beside this one. */
function packagedLibrary(): string | undefined {
  const name = platformPackage(process.platform, process.arch);
  try {
    const path = createRequire(import.meta.url).resolve(`${name}/libdnnl.so.3`);
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** The places that are looked into, in order. One that is named outright is the only one. */
function candidates(): Candidate[] {
  const named = process.env[libraryVariable];
  if (named !== undefined && named !== '') return [{ path: named, source: libraryVariable }];
  const packaged = packagedLibrary();
  return [
    ...(existsSync(installedLibrary()) ? [{ path: installedLibrary(), source: 'scree native install' }] : []),
    ...(packaged === undefined ? [] : [{ path: packaged, source: 'npm package' }]),
    { path: 'libdnnl.so.3', source: 'system' },
  ];
}

export interface Found extends Candidate {
  readonly library: Library;
}

/** The first library that can be used, or why there is none, in one line. */
export type Search = { readonly found: Found } | { readonly reason: string };

/** Looks for a oneDNN library: SCREE_ONEDNN, the user's cache, an npm platform package, the system's loader. */
export function findLibrary(): Search {
  let reason: string | undefined;
  for (const candidate of candidates()) {
    try {
      return { found: { ...candidate, library: openLibrary(candidate.path) } };
    } catch (error) {
      if (!(error instanceof NativeUnavailable)) throw error;
      if (candidate.source !== 'system') reason ??= `${candidate.source}: ${error.message}`;
    }
  }
  return {
    reason: reason ?? 'no oneDNN library is found; `scree native install` brings one',
  };
}
