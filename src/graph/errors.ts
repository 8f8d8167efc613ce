/** What Scree throws for a mistake that a caller can mend: the message names the operation, the input and what is right. */
export class ScreeError extends Error {
  override name = 'ScreeError';
}
