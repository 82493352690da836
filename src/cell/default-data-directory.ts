/** Where a cell is when nobody says where: in the user's data home. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/** `$PERIPLUS_DATA`, else `$XDG_DATA_HOME/periplus/cell`, else `~/.local/share/periplus/cell`. */
export function defaultDataDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const given = environment['PERIPLUS_DATA'];
  if (given) return given;
  const home = environment['XDG_DATA_HOME'] || join(homedir(), '.local', 'share');
  return join(home, 'periplus', 'cell');
}
