package dockerfile

// Layers returns how many layers the Dockerfile adds to those of the image that
// its final stage is built on, directly or by way of other stages: RUN, COPY and
// ADD one each, and WORKDIR one where its directory is not there yet, which the
// build alone knows. So it is from least to most.
func (s *Source) Layers() (least, most int) {
	for _, stage := range s.Final.Chain() {
		for _, in := range stage.Instructions {
			switch in.Keyword {
			case "RUN", "COPY", "ADD":
				least++
				most++
			case "WORKDIR":
				most++
			}
		}
	}
	return least, most
}
