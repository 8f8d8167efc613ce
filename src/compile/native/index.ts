export { NativeUnavailable, showVersion, type LibraryVersion } from './binding/library.js';
export { capabilitiesOf, type Capabilities } from './capabilities.js';
export { compileForLibrary, type NativeOptions } from './compile.js';
export type { NativeExecutable, StepTime } from './execute.js';
export { covers } from './coverage.js';
export {
  findLibrary,
  installedLibrary,
  libraryVariable,
  pinnedVersion,
  type Found,
  type Search,
} from './find.js';
export { installLibrary } from './install.js';
export { profileNative } from './profile.js';
