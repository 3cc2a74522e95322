// Loaded into the exporter's thread: it ends whenever a body with the marked record is framed.
const set = Uint8Array.prototype.set;
const marker = 'POISON';
Uint8Array.prototype.set = function (source, offset) {
  if (source instanceof Uint8Array && source.length > 100 && Buffer.from(source.buffer, source.byteOffset, source.byteLength).includes(marker)) {
    process.exit(13);
  }
  return set.call(this, source, offset);
};
