// Decides whether a history of transactions is one of snapshot isolation, and whether it shows
// write skew, which snapshot isolation allows.
//
// The method is list-append (Kingsbury and Alvaro, "Elle", 2020): a value is the list of the
// transactions that have appended themselves to the key, so that each read tells the order of the
// writes before it. From the reads follow the dependencies between transactions: write-write and
// write-read (the later one has seen the earlier), and read-write (the earlier one has not seen the
// later). A history is snapshot isolated iff no cycle of them is without two read-write
// dependencies in a row (Cerone and Gotsman, "Analysing snapshot isolation", 2016).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace stave::test {

using AppendList = std::vector<uint32_t>;

// Its number is its position in the history.
struct HistoryTransaction {
  struct Read {
    uint32_t key = 0;
    AppendList list;  // as the first read of the key found it, before any append of its own
  };
  bool committed = false;
  // Where the system tells them (0: it does not): it has read at `snapshot` what was committed at
  // lower timestamps.
  uint64_t snapshot = 0;
  uint64_t timestamp = 0;
  std::vector<Read> reads;        // of different keys
  std::vector<uint32_t> appends;  // keys that it has read and appended itself to
};

struct IsolationVerdict {
  std::string anomaly;  // empty: snapshot isolated
  bool write_skew = false;
};

// `final_lists` are the keys' lists when all was over.
IsolationVerdict check_isolation(std::span<const HistoryTransaction> history,
                                 std::span<const AppendList> final_lists);

}  // namespace stave::test
