package stave_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/stavedb/stave/bindings/go"
)

func ExampleOpenDiskIndex() {
	folder, err := os.MkdirTemp("", "stave")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	index, err := stave.OpenDiskIndex(filepath.Join(folder, "blobs.idx"), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()

	key := []byte("16 bytes of hash")
	err = index.Put(key, stave.Payload{Offset: 4096, Length: 700, UncompressedLength: 1800,
		Codec: stave.CodecLZ4}.Record())
	fmt.Println(err)
	payload, ok, err := index.GetPayload(key)
	fmt.Println(payload, ok, err)
	fmt.Println(index.Save(0)) // from now on it survives a power loss
	// Output:
	// <nil>
	// {4096 700 1800 lz4} true <nil>
	// <nil>
}

// The repair of a damaged file, from data that can reproduce it.
func ExampleRebuildDiskIndex() {
	folder, err := os.MkdirTemp("", "stave")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "ages.idx")
	options := stave.DefaultDiskIndexOptions()
	options.RecordSize = 1
	data := []stave.Record{{Key: []byte("Ada Lovelace    "), Value: []byte{36}}}
	err = stave.RebuildDiskIndex(path, options, func() (key, record []byte, err error) {
		if len(data) == 0 {
			return nil, nil, io.EOF
		}
		key, record, data = data[0].Key, data[0].Value, data[1:]
		return key, record, nil
	})
	fmt.Println(err)
	index, err := stave.OpenDiskIndex(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer index.Close()
	fmt.Println(index.Get([]byte("Ada Lovelace    ")))
	// Output:
	// <nil>
	// [36] true <nil>
}
