module github.com/stavedb/stave/examples/go

go 1.19

require github.com/stavedb/stave/bindings/go v0.1.0

// Outside this repository the line above is enough.
replace github.com/stavedb/stave/bindings/go => ../../bindings/go
