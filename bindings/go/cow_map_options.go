package stave

import "github.com/stavedb/stave/bindings/go/internal/capi"

// ValueMode says whether the values of a map have one size.
type ValueMode uint32

// The modes.
const (
	// ValuesVariable: each value has a size of its own.
	ValuesVariable ValueMode = capi.ValuesVariable
	// ValuesFixed: all have ValueSize bytes.
	ValuesFixed ValueMode = capi.ValuesFixed
)

// String is the mode's name as options in text have it.
func (m ValueMode) String() string { return nameOf(uint32(m), "default", "variable", "fixed") }

// CowMapOptions are how a map is made. Start from DefaultCowMapOptions: zeros are not the defaults.
type CowMapOptions struct {
	// Values is default ValuesVariable. Values of one size, up to 8 bytes, lie beside their keys, without
	// memory of their own.
	Values ValueMode
	// ValueSize is the size of fixed values, 0 to 2^31-1; default 0. Ignored for variable ones.
	ValueSize uint32
	// Capacity is the number of entries to prepare for, at most 2^32; default 0. A hint: it saves some
	// rearranging while the map fills up, at half a byte an entry or less.
	Capacity uint64
}

// DefaultCowMapOptions are the defaults of the library.
func DefaultCowMapOptions() *CowMapOptions {
	native := newNativeCowMapOptions()
	defer capi.DeleteCowMapOptions(native)
	return cowMapOptionsFrom(native)
}

// Set sets members from text: "values=fixed value_size=8", as Options.Set.
func (o *CowMapOptions) Set(text string) error {
	if err := checkOptions(o == nil, text); err != nil {
		return err
	}
	native := o.native()
	defer capi.DeleteCowMapOptions(native)
	if err := errorOf(capi.CowMapOptionsSet(native, text)); err != nil {
		return err
	}
	*o = *cowMapOptionsFrom(native)
	return nil
}

// DescribeCowMapOptions lists all options with type, default and meaning, one a line, for people.
func DescribeCowMapOptions() (string, error) { return described(capi.CowMapOptionsDescribe) }

func newNativeCowMapOptions() capi.CowMapOptions {
	native := capi.NewCowMapOptions()
	capi.CowMapOptionsInit(native)
	return native
}

func cowMapOptionsFrom(native capi.CowMapOptions) *CowMapOptions {
	return &CowMapOptions{
		Values:    ValueMode(native.GetValues()),
		ValueSize: uint32(native.GetValueSize()),
		Capacity:  native.GetCapacity(),
	}
}

func (o *CowMapOptions) native() capi.CowMapOptions {
	native := newNativeCowMapOptions()
	native.SetValues(uint(o.Values))
	native.SetValueSize(uint(o.ValueSize))
	native.SetCapacity(o.Capacity)
	return native
}
