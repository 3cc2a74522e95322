/** The candidate that a mistyped word most likely means, or undefined where none is near. */
export function closest(word: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: distance(word, candidate) }))
    .filter((entry) => entry.distance <= Math.max(1, Math.floor(entry.candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return near[0]?.candidate;
}

/** Letters to insert, remove, replace or swap with their neighbour. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, x) => x)];
  const at = (y: number, x: number): number => rows[y]?.[x] ?? 0;
  for (let y = 1; y <= a.length; y++) {
    const row = [y];
    rows.push(row);
    for (let x = 1; x <= b.length; x++) {
      const replaced = at(y - 1, x - 1) + (a[y - 1] === b[x - 1] ? 0 : 1);
      const swapped = y > 1 && x > 1 && a[y - 1] === b[x - 2] && a[y - 2] === b[x - 1] ? at(y - 2, x - 2) + 1 : Infinity;
      row.push(Math.min(replaced, swapped, at(y - 1, x) + 1, at(y, x - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
