module github.com/stavedb/stave/bindings/go

go 1.19
