package main

import "github.com/imagegate/imagegate/checks/catalog"

// List every check, with the names that other tools give it.
//
// Most findings have the severity that is listed: HIGH and CRITICAL block, what is
// below warns. Those marked strict are judged with --profile=strict alone.
func (m *Imagegate) Checks() string { return catalog.Table() }
