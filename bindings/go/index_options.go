package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

// KeyMode says where the keys of an index are.
type KeyMode uint32

// The modes.
const (
	// KeysOwned: the index keeps the bytes of its keys.
	KeysOwned KeyMode = capi.KeysOwned
	// KeysResolved: the caller has them, and the index asks a Resolver.
	KeysResolved KeyMode = capi.KeysResolved
	// KeysOwned16: as KeysOwned, with up to 16 bytes of them in the entry instead of 8.
	KeysOwned16 KeyMode = capi.KeysOwned16
)

// String is the mode's name as options in text have it.
func (m KeyMode) String() string { return nameOf(uint32(m), "default", "owned", "resolved", "owned16") }

// IndexOptions are how an index is made. Start from DefaultIndexOptions: zeros are not the defaults.
type IndexOptions struct {
	// KeyMode is default KeysOwned. A Resolver makes it KeysResolved.
	KeyMode KeyMode
	// ValueBits is 64 (the default), or 44: values below 2^44, in less memory when the keys are resolved.
	ValueBits uint32
	// Shards are parts that grow by themselves, a power of two from 1 to 256; default 0: by Capacity.
	Shards uint32
	// Capacity is the number of entries that fit before the first growth; default 0.
	Capacity uint64
	// Seed of the hash; default 0: a random one, so that nobody can prepare keys that collide.
	Seed uint64
	// Resolver knows the keys, if the index does not keep them.
	Resolver *Resolver
}

// DefaultIndexOptions are the defaults of the library.
func DefaultIndexOptions() *IndexOptions {
	native := newNativeIndexOptions()
	defer capi.DeleteIndexOptions(native)
	return indexOptionsFrom(native)
}

// Set sets members from text: "value_bits=44 capacity=1000", as Options.Set.
func (o *IndexOptions) Set(text string) error {
	if err := checkOptions(o == nil, text); err != nil {
		return err
	}
	native := o.native()
	defer capi.DeleteIndexOptions(native)
	if err := errorOf(capi.IndexOptionsSet(native, text)); err != nil {
		return err
	}
	resolver := o.Resolver
	*o = *indexOptionsFrom(native)
	o.Resolver = resolver
	return nil
}

// DescribeIndexOptions lists all options with type, default and meaning, one a line, for people.
func DescribeIndexOptions() (string, error) { return described(capi.IndexOptionsDescribe) }

func newNativeIndexOptions() capi.IndexOptions {
	native := capi.NewIndexOptions()
	capi.IndexOptionsInit(native)
	return native
}

func indexOptionsFrom(native capi.IndexOptions) *IndexOptions {
	return &IndexOptions{
		KeyMode:   KeyMode(native.GetKeyMode()),
		ValueBits: uint32(native.GetValueBits()),
		Shards:    uint32(native.GetShards()),
		Capacity:  native.GetCapacity(),
		Seed:      native.GetSeed(),
	}
}

func (o *IndexOptions) native() capi.IndexOptions {
	native := newNativeIndexOptions()
	native.SetKeyMode(uint(o.KeyMode))
	native.SetValueBits(uint(o.ValueBits))
	native.SetShards(uint(o.Shards))
	native.SetCapacity(o.Capacity)
	native.SetSeed(o.Seed)
	return native
}
