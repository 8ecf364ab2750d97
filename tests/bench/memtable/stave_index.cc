// Stave's index that owns keys of 16 bytes: what a memtable's reads are compared with.
#include "tests/bench/index/stave_index.h"

int main(int argc, char** argv) {
  using namespace stave::bench;
  using index::StaveIndex;
  if (argc != 3) fail("usage: KEYS VALUE_BYTES");
  index::IndexRows<StaveIndex<Key16>, Key16> rows(parse_count(argv[1]));
  Questions questions;
  questions.add_number("read", [&](unsigned threads) { return rows.hit(threads); });
  questions.add_number("miss", [&](unsigned threads) { return rows.miss(threads); });
  questions.add_number("insert", [&](unsigned threads) { return rows.insert(threads, false); });
  questions.add_number("bytes", [&](unsigned) { return rows.bytes(); });
  return questions.serve();
}
