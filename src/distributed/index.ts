export type { Collective, Received, Traffic } from './collective/collective.js';
export type { CollectiveOptions } from './collective/over-transport.js';
export { selfCollective } from './collective/self.js';
export { joinThreads, portsOf, threadSeats, type ThreadSeat } from './collective/threads.js';
export { launcherLibrary } from './collective/mpi-library.js';
export { joinMpi } from './collective/mpi.js';
export type { Codec, Coder, CoderRequest, CoderState, LinearCoder } from './codec/codec.js';
export { codecs, parseCodec } from './codec/registry.js';
export { withFeedback } from './codec/feedback.js';
export { Workspace, type Values } from './codec/workspace.js';
export type { Bucket, Exchange, ExchangeRequest, ExchangeTimes } from './exchange/exchange.js';
export { exchangeByName, exchanges } from './exchange/registry.js';
export { parseSynchroniser, synchronisers, type Synchroniser } from './exchange/synchroniser.js';
export { bucketGradient, type BucketedGradient } from './buckets.js';
export { chooseWire, wireDefaults, type WireChoice, type WireOptions } from './choice.js';
export { exchangeFor } from './exchange/fitting.js';
export { trainGroup, type GroupOptions } from './group.js';
export { trainOnThreads, type ThreadsOptions } from './threads-run.js';
export { broadcastObject, gatherObjects, shareWork } from './objects.js';
export { measureLink } from './automatic.js';
export { measureExchange, type MeasuredExchange } from './measure-exchange.js';
export {
  goesWith,
  measureCodec,
  predict,
  predictable,
  trainedCodec,
  type CodecCost,
  type Link,
  type PredictableExchange,
  type Prediction,
} from './predict.js';
export {
  mpirunKind,
  mpirunReaches,
  supervise,
  type Host,
  type Supervised,
  type SuperviseOptions,
} from './supervise.js';
