/** How often history keeps an image of an object, which bounds what a read of it folds. */

/**
 * An object has an image at least every so many commits: reading it at any revision folds no more than these, some 6 µs each,
 * so that a list of 10,000 stays below half a second. Most objects never have so many; the others take some 100 bytes more a commit.
 */
export const IMAGE_EVERY_COMMITS = 8;
