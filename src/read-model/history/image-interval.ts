/** How often history keeps an image of an object, which bounds what a read of it folds. */

/** An object has an image at least every so many commits: reading it at any revision folds no more than these, some 6 µs each. */
export const IMAGE_EVERY_COMMITS = 8;

/**
 * It has one earlier once its commits since the last take so many times the bytes of its creation, which an image is about as
 * large as: so images take less of the disk than commits, whatever the kind, small objects have one every third commit, which
 * is what a list of 10,000 needs, and most objects, gone after a few commits, have none.
 */
const IMAGE_EVERY_CREATIONS = 1.5;

/** What was recorded of an object since its last image, or since its creation. */
export interface SinceImage {
  commits: number;
  bytes: number;
  /** Of the commit that created it. */
  readonly creationBytes: number;
}

export function isImageDue({ commits, bytes, creationBytes }: SinceImage): boolean {
  return commits >= IMAGE_EVERY_COMMITS || bytes >= IMAGE_EVERY_CREATIONS * creationBytes;
}
