/** A volume that cannot be prepared now; trying again may help, once somebody has put the node's files right. */
export class VolumeError extends Error {
  override readonly name = 'VolumeError';

  constructor(volume: string, why: string, options?: ErrorOptions) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`, options);
  }
}
