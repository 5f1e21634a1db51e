/** A page that is not there, in words for the reader. */
export class NotFound extends Error {}
