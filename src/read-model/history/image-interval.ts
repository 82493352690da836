/** How often history keeps an image of an object, which bounds what a read of it folds. */

/**
 * An object has an image at least every so many commits: reading it at any revision folds no more than these, some 5 µs each,
 * and making one costs the same once.
 */
export const IMAGE_EVERY_COMMITS = 32;
