package stave

import (
	"encoding/binary"

	"github.com/stavedb/stave/bindings/go/internal/capi"
)

// Codec says how the bytes that a payload record points to are packed. Stave does not read them.
type Codec uint8

// The codecs.
const (
	// CodecNone: as they are.
	CodecNone Codec = capi.CodecNone
	// CodecLZ4: by LZ4.
	CodecLZ4 Codec = capi.CodecLZ4
	// CodecZstandard: by Zstandard.
	CodecZstandard Codec = capi.CodecZstandard
)

// String is the codec's name: "none", "lz4", "zstandard".
func (c Codec) String() string { return nameOf(uint32(c), "none", "lz4", "zstandard") }

// Payload is the default record of a disk index: where bytes lie. An unknown codec is ErrInvalidArgument
// when it is written, and ErrCorruption when it is read.
type Payload struct {
	Offset             uint64 // of the bytes
	Length             uint32 // stored bytes
	UncompressedLength uint32 // bytes once unpacked
	Codec              Codec  // how they are packed
}

// PayloadSize is the number of bytes of a payload as a record.
const PayloadSize = 24

// Record is the payload as a record of an index.
func (p Payload) Record() []byte {
	record := make([]byte, PayloadSize)
	binary.LittleEndian.PutUint64(record, p.Offset)
	binary.LittleEndian.PutUint32(record[8:], p.Length)
	binary.LittleEndian.PutUint32(record[12:], p.UncompressedLength)
	record[16] = byte(p.Codec)
	return record
}

// PayloadOf is the payload that is in a record of PayloadSize bytes.
func PayloadOf(record []byte) Payload {
	return Payload{
		Offset:             binary.LittleEndian.Uint64(record),
		Length:             binary.LittleEndian.Uint32(record[8:]),
		UncompressedLength: binary.LittleEndian.Uint32(record[12:]),
		Codec:              Codec(record[16]),
	}
}
