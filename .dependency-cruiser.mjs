// The import rule of the house: graph ← ops ← transform ← compile ← {formula, nn, optim, curvature, landscape, data}
// ← {train, diagnose} ← distributed ← {cli, lab}. A room imports the rooms of earlier layers; rooms of one layer do not know
// each other unless `siblings` says so. Random and linalg import only graph, and every later room may import them.

const layers = [
  ['graph'],
  ['random', 'linalg'],
  ['ops'],
  ['transform'],
  ['compile'],
  ['formula', 'nn', 'optim', 'curvature', 'landscape', 'data'],
  ['train', 'diagnose'],
  ['distributed'],
];

/** Who may import whom within a layer. @type {Record<string, string[]>} */
const siblings = { landscape: ['formula', 'optim', 'curvature'] };

/** Tests may import anything; everything else is held to the rule. */
const tests = ['[.]test[.]ts$', '^test/'];

/** The places that work with files, processes and native code; all other rooms run in a browser. */
const nodeRooms = ['^src/compile/onnx/.*node', '^src/compile/native/', '^src/(data|train|distributed)/'];
const nativePackages = 'node_modules/(onnxruntime-node|koffi|@resvg/resvg-js)/';

/** @param {string[]} rooms */
const anyOf = (rooms) => `^src/(${rooms.join('|')})/`;

const direction = layers.flatMap((layer, depth) =>
  layer.map((room) => {
    const allowed = [room, ...layers.slice(0, depth).flat(), ...(siblings[room] ?? [])];
    return {
      name: `imports-of-${room}`,
      comment: `src/${room} may import only ${allowed.join(', ')}`,
      severity: 'error',
      from: { path: anyOf([room]), pathNot: tests },
      to: { path: '^(src|cli|lab|bench|examples|scripts|test)/', pathNot: anyOf(allowed) },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...direction,
    {
      name: 'unknown-room',
      comment: 'a room has its place in the import rule: add it to `layers`',
      severity: 'error',
      from: { path: '^src/[^/]+/', pathNot: anyOf(layers.flat()) },
      to: {},
    },
    {
      name: 'library-imports-library',
      comment: 'src/index.ts gathers the rooms; the library does not import what uses it',
      severity: 'error',
      from: { path: '^src/[^/]+$', pathNot: tests },
      to: { path: '^(cli|lab|bench|examples|scripts|test)/' },
    },
    {
      name: 'command-line-imports-library',
      comment: 'cli/ and lab/ stand side by side on top of src/',
      severity: 'error',
      from: { path: '^(cli|lab)/', pathNot: tests },
      to: { path: '^(cli|lab|bench|examples|scripts|test)/', pathNot: '^$1/' },
    },
    {
      name: 'no-cycles',
      comment: 'imports run one way (types of one room may name each other: those imports are erased)',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'runs-in-a-browser',
      comment: 'only compile/onnx/*node*, compile/native/, data/, train/ and distributed/ import from node:',
      severity: 'error',
      from: { path: '^src/', pathNot: [...tests, ...nodeRooms] },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'native-packages-stay-in-node-rooms',
      comment: 'a native package loads in Node only: it belongs where node: does',
      severity: 'error',
      from: { path: '^src/', pathNot: [...tests, ...nodeRooms] },
      to: { path: nativePackages },
    },
    {
      name: 'ships-what-it-imports',
      comment: 'what src/ and cli/ import is a dependency, not a devDependency, and resolves',
      severity: 'error',
      from: { path: '^(src|cli)/', pathNot: tests },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown', 'unknown', 'undetermined'],
      },
    },
    {
      name: 'tests-are-leaves',
      comment: 'nothing imports a test',
      severity: 'error',
      from: {},
      to: { path: '[.]test[.]ts$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|runs|coverage|shared|[.])' },
    tsConfig: { fileName: 'tsconfig.json' },
    // An import of types alone is an arrow too.
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
    },
  },
};
