// Accounts: what they hold, transfers between them, and who lives where.
//
//   accounts STORE open NAME CITY AMOUNT
//   accounts STORE deposit NAME AMOUNT
//   accounts STORE transfer FROM TO AMOUNT
//   accounts STORE move NAME CITY
//   accounts STORE city CITY                 prints the names of those who live there
//
// Keys are "balance/NAME" for a decimal number and "city/NAME" for a city.
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <stave/stave.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr std::string_view balance_prefix = "balance/";
constexpr std::string_view city_prefix = "city/";

// A small program ends at its first error. A server would hand the Result on instead.
template <typename T>
T check(stave::Result<T> result) {
  if (!result) {
    std::cerr << "accounts: " << result.error().message() << '\n';
    std::exit(EXIT_FAILURE);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

// Whether it was done; `no` is an outcome that is no error.
bool done(stave::Result<void> result, stave::Status no) {
  if (result.status() == no) return false;
  check(std::move(result));
  return true;
}

std::string balance_of(const std::string& name) {
  return std::string(balance_prefix) + name;
}
std::string city_of(const std::string& name) {
  return std::string(city_prefix) + name;
}

// ---- A counter: update -------------------------------------------------------------------------

// No addition is lost, whatever other threads do meanwhile.
void deposit(stave::Store& store, const std::string& name, std::int64_t amount) {
  stave::Buffer updated;
  const auto add = [amount](stave::EditedValue& value) {
    const std::string balance(stave::Bytes(value.bytes()).text());
    return value.assign(std::to_string(std::stoll(balance) + amount)).status();
  };
  const bool found = done(store.update(balance_of(name), add, &updated), stave::Status::not_found);
  std::cout << (found ? updated.bytes().text() : "no account") << '\n';
}

// ---- Two keys in one step: atomic --------------------------------------------------------------

// Both balances change, or none: any status but ok undoes what was written.
void transfer(stave::Store& store, const std::string& giver, const std::string& taker,
              std::int64_t amount) {
  std::string refused;
  const auto change = [&](stave::Atomic& atomic, const std::string& name, std::int64_t by) {
    stave::Buffer buffer;
    const stave::Result<stave::Bytes> found = atomic.get(balance_of(name), buffer);
    if (!found && found.status() != stave::Status::not_found) return found.status();
    const std::int64_t balance = found ? std::stoll(std::string(found->text())) + by : -1;
    if (balance < 0) {
      refused = name;
      return stave::Status::cancelled;
    }
    return atomic.put(balance_of(name), std::to_string(balance)).status();
  };
  const auto move = [&](stave::Atomic& atomic) {
    const stave::Status status = change(atomic, giver, -amount);
    return status == stave::Status::ok ? change(atomic, taker, amount) : status;
  };
  stave::Result<std::uint64_t> outcome = store.atomic(balance_prefix, move);
  if (outcome.status() == stave::Status::cancelled) {
    std::cout << refused << " has not enough, or no account\n";
  } else {
    check(std::move(outcome));
    std::cout << "done\n";
  }
}

// ---- A secondary index, in memory: on_open builds it, on_write keeps it ------------------------

struct NamesByCity {
  std::map<std::string, std::set<std::string>> names;

  // The hook.
  stave::Status operator()(const stave::StoreChange& change) {
    const std::string_view key = change.key().text();
    if (!key.starts_with(city_prefix)) return stave::Status::ok;
    const std::string name(key.substr(city_prefix.size()));
    if (change.has_old_value()) names[std::string(change.old_value().text())].erase(name);
    if (!change.removed()) names[std::string(change.value().text())].insert(name);
    return stave::Status::ok;
  }
};

// ---- The program -------------------------------------------------------------------------------

// One batch: there is never an account without a city.
void open_account(stave::Store& store, const std::string& name, const std::string& city,
                  std::int64_t amount) {
  stave::Batch batch = check(stave::Batch::create());
  check(batch.require(balance_of(name), stave::Condition::absent));
  check(batch.put(balance_of(name), std::to_string(amount)));
  check(batch.put(city_of(name), city));
  std::cout << (done(store.write(batch), stave::Status::mismatch) ? "opened\n" : "exists\n");
}

void move(stave::Store& store, const std::string& name, const std::string& city) {
  const bool found = done(store.replace(city_of(name), city), stave::Status::not_found);
  std::cout << (found ? "moved\n" : "no account\n");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string command = argc > 3 ? argv[2] : "";
  NamesByCity index;  // in use until the store is closed
  stave::StoreOptions options;
  // All keys that begin with "balance/" lie in one shard, so that atomic may change several.
  options.shard_prefix_bits = 8 * balance_prefix.size();
  if (argc < 4) {
    std::cerr << "usage: accounts STORE open|deposit|transfer|move|city ...\n";
    return 2;
  }
  stave::Store store = check(stave::Store::open(argv[1], options));
  check(store.on_open(index));
  check(store.on_write(index, true));
  if (command == "open" && argc == 6) {
    open_account(store, argv[3], argv[4], std::stoll(argv[5]));
  } else if (command == "deposit" && argc == 5) {
    deposit(store, argv[3], std::stoll(argv[4]));
  } else if (command == "transfer" && argc == 6) {
    transfer(store, argv[3], argv[4], std::stoll(argv[5]));
  } else if (command == "move" && argc == 5) {
    move(store, argv[3], argv[4]);
  } else if (command == "city" && argc == 4) {
    for (const std::string& name : index.names[argv[3]]) std::cout << name << '\n';
  } else {
    std::cerr << "accounts: no such command\n";
  }
  check(store.close());
}
