/* The raw layer of the C# package: every function of the C interface as a static method of the class
 * Raw, under its C name, and every constant in the class Constants, generated from the public headers.
 * The layer for people is written by hand above it (src/).
 *
 * How the C interface's types travel: all of them as C has them, so that a call copies nothing and
 * the runtime has nothing to convert.
 *   a handle               IntPtr; the caller keeps its owner reachable (src/Handle.cs)
 *   a new handle           out IntPtr
 *   bytes in and out       byte*, and UIntPtr for a size_t, of arrays that the caller has fixed
 *   stave_status           int
 *   stave_error            out IntPtr: a copy on the heap when the call filled it, else zero. It would
 *                          be half a KiB for each call to clear if the caller had it on its stack
 *   options, statistics    a pointer to a struct with the same layout (../structs, src/NativeStructs.cs)
 *   paths and texts        byte* to UTF-8 that ends with a zero byte
 */
%module(imclassname="Raw") Constants

%{
#include <stave/stave.h>
#include <stdlib.h>
#include <string.h>

/* What src/NativeStructs.cs repeats. */
static_assert(sizeof(stave_index_resolver) == 48, "HashIndexResolverData");
static_assert(sizeof(stave_buffer) == 24, "NativeBuffer");
static_assert(sizeof(stave_write_options) == 16, "WriteOptionsData");
static_assert(sizeof(stave_change) == 80, "ChangeData");

static void *copy_error(const stave_error *error) {
  if (error->status == STAVE_OK) return NULL;
  void *copy = malloc(sizeof *error);
  if (copy != NULL) memcpy(copy, error, sizeof *error);
  return copy;
}
%}

%include <stdint.i>
%csconst(1);
#define STAVE_API

%pragma(csharp) imclassclassmodifiers="internal static unsafe class"
%pragma(csharp) moduleclassmodifiers="internal static unsafe class"

/* The types of one C type in C#: as a parameter and as a result, everywhere the same. */
%define TRAVELS_AS(CSHARP, C...)
%typemap(ctype, out="void *") C "void *"
%typemap(imtype, out="CSHARP") C "CSHARP"
%typemap(cstype, out="CSHARP") C "CSHARP"
%typemap(csin) C "$csinput"
%typemap(csout, excode="") C { return $imcall; }
%typemap(in) C "$1 = ($1_ltype)$input;"
%typemap(out) C "$result = (void *)$1;"
%enddef

/* ---- Numbers ------------------------------------------------------------------------------- */

%typemap(ctype) size_t "size_t"
%typemap(imtype) size_t "global::System.UIntPtr"
%typemap(cstype) size_t "global::System.UIntPtr"
%typemap(csin) size_t "$csinput"
%typemap(csout, excode="") size_t { return $imcall; }
%typemap(in) size_t "$1 = $input;"
%typemap(out) size_t "$result = $1;"
%apply unsigned long long { uint64_t };
%typemap(ctype) uint64_t "uint64_t"
%apply long long { int64_t };
%typemap(ctype) int64_t "int64_t"
TRAVELS_AS(global::System.UIntPtr*, size_t *)
TRAVELS_AS(byte*, uint8_t *)
TRAVELS_AS(uint*, uint32_t *, const uint32_t *)
TRAVELS_AS(ulong*, uint64_t *, const uint64_t *)
TRAVELS_AS(long*, int64_t *, const int64_t *)

/* ---- Handles ------------------------------------------------------------------------------- */

%define HANDLE(NAME, TYPE)
TRAVELS_AS(global::System.IntPtr, TYPE *, const TYPE *)
%typemap(ctype) TYPE ** "void *"
%typemap(imtype) TYPE ** "out global::System.IntPtr"
%typemap(cstype) TYPE ** "out global::System.IntPtr"
%typemap(csin) TYPE ** "out $csinput"
%typemap(in) TYPE ** "$1 = ($1_ltype)$input;"
%enddef

%include "bindings/common.i"
/* No handle: valid while the callback runs. */
TRAVELS_AS(global::System.IntPtr, stave_atomic *)

/* ---- Bytes and texts ----------------------------------------------------------------------- */

TRAVELS_AS(byte*, const void *, void *data, void *keys, void *record, void *records, const char *)
TRAVELS_AS(byte**, const void **)
TRAVELS_AS(NativeBuffer*, stave_buffer *)

/* ---- Structs ------------------------------------------------------------------------------- */

TRAVELS_AS(StoreOptionsData*, stave_store_options *, const stave_store_options *)
TRAVELS_AS(StoreCursorOptionsData*, stave_store_cursor_options *, const stave_store_cursor_options *)
TRAVELS_AS(StoreStatsData*, stave_store_stats *)
TRAVELS_AS(HashIndexOptionsData*, stave_index_options *, const stave_index_options *)
TRAVELS_AS(HashIndexResolverData*, stave_index_resolver *, const stave_index_resolver *)
TRAVELS_AS(HashIndexStatsData*, stave_index_stats *)
TRAVELS_AS(HashIndexShardStatsData*, stave_index_shard_stats *)
TRAVELS_AS(CowMapOptionsData*, stave_cow_map_options *, const stave_cow_map_options *)
TRAVELS_AS(CowMapStatsData*, stave_cow_map_stats *)
TRAVELS_AS(DiskIndexOptionsData*, stave_disk_index_options *, const stave_disk_index_options *)
TRAVELS_AS(DiskIndexStatsData*, stave_disk_index_stats *)
TRAVELS_AS(MemtableOptionsData*, stave_memtable_options *, const stave_memtable_options *)
TRAVELS_AS(MemtableCursorOptionsData*, stave_memtable_cursor_options *,
  const stave_memtable_cursor_options *)
TRAVELS_AS(MemtableStatsData*, stave_memtable_stats *)
TRAVELS_AS(WriteOptionsData*, const stave_write_options *)

/* ---- Errors -------------------------------------------------------------------------------- */

%typemap(ctype) stave_error *error "void **"
%typemap(imtype) stave_error *error "out global::System.IntPtr"
%typemap(cstype) stave_error *error "out global::System.IntPtr"
%typemap(csin) stave_error *error "out $csinput"
%typemap(in) stave_error *error (stave_error failure) %{
  failure.status = STAVE_OK;
  $1 = &failure;
%}
%typemap(argout) stave_error *error "*$input = copy_error($1);"

/* Of the copy. */
TRAVELS_AS(global::System.IntPtr, void *copy)
%inline %{
static void stave_csharp_free_error(void *copy) { free(copy); }
%}

/* ---- Callbacks ----------------------------------------------------------------------------- */

%define CALLBACK(CSHARP, C)
%typemap(ctype) C "C"
%typemap(imtype) C "CSHARP"
%typemap(cstype) C "CSHARP"
%typemap(csin) C "$csinput"
%typemap(in) C "$1 = $input;"
%enddef
CALLBACK(NativeProgress, stave_progress)
CALLBACK(NativeProgress, stave_disk_index_progress)
CALLBACK(NativeEdit, stave_edit)
CALLBACK(NativeSource, stave_disk_index_source)
CALLBACK(NativeReader, stave_memtable_reader)
CALLBACK(NativeAtomic, stave_atomic_callback)
CALLBACK(NativeHook, stave_hook)
CALLBACK(NativeMigration, stave_migration)
CALLBACK(NativeMigrateProgress, stave_migrate_progress)
TRAVELS_AS(global::System.IntPtr, void *context)

/* ---- The functions ------------------------------------------------------------------------- */

/* The structs are written in C#. */
%ignore stave_store_options;
%ignore stave_store_stats;
%ignore stave_change;
%ignore stave_index_options;
%ignore stave_index_resolver;
%ignore stave_index_stats;
%ignore stave_index_shard_stats;
%ignore stave_cow_map_options;
%ignore stave_cow_map_stats;
%ignore stave_disk_index_options;
%ignore stave_disk_index_stats;
%ignore stave_memtable_options;
%ignore stave_memtable_cursor_options;
%ignore stave_memtable_stats;

%include <stave/errors.h>
%include "bindings/headers.i"
