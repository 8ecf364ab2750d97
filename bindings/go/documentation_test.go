package stave

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"strings"
	"testing"
)

// Every exported name has a comment: types, functions, methods, constants, variables, fields.
func TestEveryPublicNameIsDocumented(t *testing.T) {
	isSource := func(file fs.FileInfo) bool { return !strings.HasSuffix(file.Name(), "_test.go") }
	packages, err := parser.ParseDir(token.NewFileSet(), ".", isSource, parser.ParseComments)
	check(t, err)
	documented := 0
	require := func(comment, name string) {
		documented++
		if comment == "" {
			t.Errorf("%s has no comment", name)
		}
	}
	pkg := doc.New(packages["stave"], "stave", 0)
	require(pkg.Doc, "the package")
	functions, values := pkg.Funcs, append(pkg.Consts, pkg.Vars...)
	for _, declared := range pkg.Types {
		require(declared.Doc, declared.Name)
		functions = append(append(functions, declared.Funcs...), declared.Methods...)
		values = append(append(values, declared.Consts...), declared.Vars...)
		if fields, ok := declared.Decl.Specs[0].(*ast.TypeSpec).Type.(*ast.StructType); ok {
			for _, field := range fields.Fields.List {
				requireNames(field.Names, field.Doc.Text()+field.Comment.Text(), require)
			}
		}
	}
	for _, function := range functions {
		require(function.Doc, function.Name)
	}
	for _, value := range values {
		for _, spec := range value.Decl.Specs {
			spec := spec.(*ast.ValueSpec)
			comment := spec.Doc.Text() + spec.Comment.Text()
			if !value.Decl.Lparen.IsValid() { // else it introduces a group, and not its members
				comment += value.Doc
			}
			requireNames(spec.Names, comment, require)
		}
	}
	if documented < 100 {
		t.Errorf("found only %d names", documented)
	}
}

func requireNames(names []*ast.Ident, comment string, require func(comment, name string)) {
	for _, name := range names {
		if name.IsExported() {
			require(comment, name.Name)
		}
	}
}
