/** Hosts on one machine: network namespaces joined by a bridge, with links of a given rate. Needs root, ip and tc. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
const bridge = 'scree-bridge';
const hostName = (index: number) => `scree-h${index}`;
export const addressOf = (index: number) => `10.77.0.${index + 1}`;

export interface Hosts {
  readonly names: readonly string[];
  /** The command that runs another on a host, which has its name there. */
  on(host: number, command: readonly string[]): string[];
  /** Removes all of it. */
  close(): void;
}

const quote = (word: string) => `'${word.replaceAll("'", `'\\''`)}'`;

function remove(names: readonly string[]): void {
  for (const name of names) {
    try {
      ip('netns', 'delete', name);
    } catch {
      // Was not there.
    }
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true });
  }
  try {
    ip('link', 'delete', bridge);
  } catch {
    // Was not there.
  }
}

/** @param megabits rate of each host's link, each way */
export function makeHosts(count: number, megabits: number): Hosts {
  const names = Array.from({ length: count }, (_, index) => hostName(index));
  remove(names);
  try {
    ip('link', 'add', bridge, 'type', 'bridge');
    ip('link', 'set', bridge, 'up');
    const book = names.map((name, index) => `${addressOf(index)} ${name}`).join('\n');
    // A bucket of 50 ms at most waits at the link, as in a switch.
    const limit = ['rate', `${megabits}mbit`, 'burst', '256kb', 'latency', '50ms'];
    names.forEach((name, index) => {
      const port = `scree-p${index}`;
      ip('netns', 'add', name);
      ip('link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
      ip('link', 'set', port, 'master', bridge, 'up');
      ip('-n', name, 'address', 'add', `${addressOf(index)}/24`, 'dev', 'eth0');
      ip('-n', name, 'link', 'set', 'eth0', 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
      execFileSync('tc', ['qdisc', 'add', 'dev', port, 'root', 'tbf', ...limit]);
      execFileSync('tc', ['-n', name, 'qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', ...limit]);
      mkdirSync(`/etc/netns/${name}`, { recursive: true });
      writeFileSync(`/etc/netns/${name}/hosts`, `127.0.0.1 localhost\n${book}\n`);
    });
  } catch (error) {
    remove(names);
    throw error;
  }
  return {
    names,
    on(host, command) {
      const line = `hostname ${names[host]}; exec ${command.map(quote).join(' ')}`;
      return ['ip', 'netns', 'exec', names[host], 'unshare', '--uts', 'sh', '-c', line];
    },
    close: () => remove(names),
  };
}
