import { workerData } from 'node:worker_threads';
import { walkRows, type BasinsTask } from './basins-task.js';

const rows = walkRows(workerData as BasinsTask);
while (rows.next().done !== true);
