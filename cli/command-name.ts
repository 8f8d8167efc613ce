import { basename, relative } from 'node:path';

/** What the user types to get this program, to be shown in front of what to type next. */
export function commandName(
  script: string = process.argv[1] ?? 'scree',
  environment: NodeJS.ProcessEnv = process.env,
): string {
  if (environment.npm_command === 'exec') return 'npx scree';
  return basename(script) === 'scree' ? 'scree' : `node ${relative(process.cwd(), script)}`;
}
