// Package stave is an embedded hash storage engine: a durable store of bytes under exact keys, in a
// directory, inside the process; the concurrent hash index in memory on which it stands; a map from
// integers to bytes in memory, whose copies cost nothing; a persistent index of fixed records in a
// file; and a table in memory with transactions and snapshots. This package is the Go interface of libstave.
//
//	store, err := stave.Open("/var/lib/app/data", nil)
//	if err != nil { ... }
//	defer store.Close()
//	err = store.Put([]byte("key"), []byte("value"), nil)
//	value, ok, err := store.Get([]byte("key"))
//
//	index, err := stave.NewIndex(nil)
//	previous, existed, err := index.Put([]byte("key"), 4096)
//
//	cowMap, err := stave.NewCowMap(nil)
//	replaced, err := cowMap.Put(42, []byte("value"))
//	copied, err := cowMap.Clone()
//
//	diskIndex, err := stave.OpenDiskIndex("/var/lib/app/blobs.idx", nil)
//	err = diskIndex.Put(key, stave.Payload{Offset: 4096, Length: 700}.Record())
//
//	memtable, err := stave.NewMemtable(nil)
//	timestamp, err := memtable.Transact(func(transaction *stave.MemtableTransaction) error {
//		return transaction.Put([]byte("key"), []byte("value"))
//	})
//
// # Building
//
// The C library is found with pkg-config, as "stave"; SWIG is not needed. The build tag stave_static
// links libstave.a instead, so that the program needs no libstave.so where it runs:
//
//	go build -tags stave_static
//
// # Bytes
//
// Keys and values are any bytes; nil is the same as empty. What is passed in is copied before the call
// returns. What is returned belongs to the caller, except where a function says otherwise. An absent
// key and an empty value are told apart by a bool, or in a list of values by nil.
//
// # Errors
//
// Every error of the library is an *[Error], with the code, the error number of the operating system,
// and a message that names the file and what to do. The codes are constants of type [Status] and errors
// themselves:
//
//	if errors.Is(err, stave.ErrLocked) { ... }
//	if errors.Is(err, syscall.ENOSPC) { ... }
//
// Expected outcomes are no errors where a bool can say them: no such key, key exists already.
//
// # Goroutines
//
// A Store, an Index, a CowMap, a DiskIndex and a Memtable may be used by any number of goroutines at the same
// time; so may a Pin and a MemtableSnapshot. A Batch, a MemtableTransaction and a cursor belong to one
// goroutine at a time, an Atomic to the one that runs its callback. Everything may be closed by any goroutine at any time,
// any number of times: calls that are inside finish first, later ones return ErrClosed.
//
// # Lifetime
//
// Close gives back files, locks and contents at once; the little memory that a closed object keeps
// goes with the object, when the garbage collector finds it. What was never closed is closed by the
// garbage collector, in any order, and nobody hears of the errors: call Close.
//
// # Durability
//
//	                   survives kill -9   survives power loss   costs
//	DurabilityMemory   not promised       no                    a copy
//	DurabilityOS       yes                no                    a copy
//	DurabilityDevice   yes                yes (the default)     a sync, which waiting writers share
//
// A write returns when it is as durable as was asked for, and is visible to others from that moment on.
//
// # Limits
//
// Keys of 0 to 65,535 bytes; in a store and in a memtable values of 0 bytes to 1 GiB, in an index numbers of 64 or 44 bits.
// A CowMap has keys of 64 bits and values of up to 2 GiB, a DiskIndex keys of 16 bytes and records of 1
// to 256.
// Beyond: ErrTooLarge, and nothing is written.
package stave
