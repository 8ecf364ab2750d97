// The C interface for C++20: header only, thin, without exceptions of its own.
//
//   auto store = stave::Store::open("/var/lib/app/data");
//   if (!store) return report(store.error().message());
//   if (auto put = store->put("key", "value"); !put) return report(put.error().message());
//   stave::Buffer buffer;
//   if (auto value = store->get("key", buffer); value) use(value->text());
//
// What is added to the C calls, and nothing else:
//   - Store, Memtable, Cursor, Pin, Buffer, ... own their handle: move-only, freed by the destructor. A
//     moved-from or default-constructed one holds NULL; calls on it are Status::invalid_argument.
//   - Result<T>: the value, or the status and the error. Every outcome but ok is "no value", also
//     the expected ones (not_found, done, ...): look at status().
//   - Bytes: a view that is made from string literals, strings, string views and ranges of bytes.
// Lifetime, threads, limits and statuses are those of the C functions: the C headers are the manual. An
// exception that leaves a callable of the caller is Status::internal of the call that ran it.
//
// Everything lies in an inline namespace, `stave::Store` is `stave::v0::Store`: the names cannot
// collide with the library's own when it is linked statically.
#ifndef STAVE_STAVE_HPP
#define STAVE_STAVE_HPP

#include <stave/base.hpp>
#include <stave/cow_map.hpp>
#include <stave/disk_index.hpp>
#include <stave/index.hpp>
#include <stave/memtable.hpp>
#include <stave/store.hpp>

#endif  // STAVE_STAVE_HPP
