// Loaded into the exporter's thread: it ends whenever a body with the marked record is framed.
const { copy } = Buffer.prototype;
const marker = 'POISON';
Buffer.prototype.copy = function (target, targetStart, sourceStart, sourceEnd) {
  if (this.subarray(sourceStart, sourceEnd).includes(marker)) process.exit(13);
  return copy.call(this, target, targetStart, sourceStart, sourceEnd);
};
