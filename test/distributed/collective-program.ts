// One rank of a test under mpirun: joins, exercises every collective, and does what its argument says.
import { joinMpi } from '../../src/distributed/collective/mpi.js';
import { launcherLibrary } from '../../src/distributed/collective/mpi-library.js';
import { exercise } from './exercise.js';

const [mode] = process.argv.slice(2);
const library = launcherLibrary(process.env);
if (library === undefined) throw new Error('this program is started by mpirun');
if (mode === 'absent' && (process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK) === '1') {
  await new Promise(() => setInterval(() => undefined, 1000));
}
const collective = await joinMpi(library, {
  ...(mode === 'absent' && { startMs: 4000 }),
  timeoutMs: mode === 'hang' ? 1500 : 60_000,
});
if (mode === 'hang' && collective.rank === 1) {
  // Alive, but never there.
  setInterval(() => undefined, 1000);
} else if (mode === 'abort') {
  if (collective.rank === 1) collective.abort('rank 1 gives up');
  await collective.barrier();
} else if (mode === 'hang') {
  await collective.barrier();
} else {
  await exercise(collective);
  await collective.close();
  process.stdout.write(`rank ${collective.rank} of ${collective.size} is done\n`);
}
