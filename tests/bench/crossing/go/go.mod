module github.com/stavedb/stave/tests/bench/crossing/go

go 1.19

require github.com/stavedb/stave/bindings/go v0.1.0

replace github.com/stavedb/stave/bindings/go => ../../../../bindings/go
