import { readFileSync } from 'node:fs';
import { errorCode } from './file-errors.js';

/** Whether a process of this number runs on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/**
 * What tells process `pid` from a later one of the same number: the boot and the start time, where the system says them
 * (Linux), else an empty string; for a dead process too. Source: proc(5), field 22 of /proc/pid/stat.
 */
export function processBirth(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command's name, which may hold blanks and parentheses; the third, the state, comes first here.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie is dead, though nobody has asked for its exit status yet.
    return fields[0] === 'Z' ? '' : `${boot}:${fields[19]}`;
  } catch {
    return '';
  }
}
