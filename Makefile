# The everyday commands; CMake does the work (see CMakePresets.json for other builds).
#   make build    the command, at build/gradus
#   make test     everything that is checked, installing what is missing
#   make campaign the random tests at length: hours (scripts/campaign.sh)
#   make demo     train an optimizer, compare it, emit it as C (PROBLEM=robust, logistic or net)
#   make discover search a rule for the same problems: a formula, in seconds; compare it, emit it as C
#   make install  the command on the path (PREFIX=/usr/local; DESTDIR for packagers)
#   make bench    how fast it is, as ratios against what is written by hand (bench/README.md)
#   make format   the one format; make tidy: clang-tidy; make clean: removes build/

PROBLEM ?= robust
PREFIX ?= /usr/local
SOURCES = $(shell find base ir frontend autodiff jit runtime bench tests -name "*.[ch]")

.PHONY: all build test campaign demo discover install bench format tidy clean install-build

all: build

install-build:
	@sh scripts/install.sh build

build: install-build
	@mkdir -p build
	@cmake --preset release $(if $(wildcard /usr/include/criterion/criterion.h),,-DGRADUS_TESTS=OFF) > build/log-configure \
		|| { cat build/log-configure; exit 1; }
	@cmake --build --preset release --target gradus

test:
	@sh scripts/install.sh build test
	@sh scripts/test.sh

campaign:
	@sh scripts/install.sh build test
	@sh scripts/campaign.sh

demo: build
	@GRADUS=build/gradus sh examples/demo.sh $(PROBLEM)

discover: build
	@GRADUS=build/gradus sh examples/discover.sh

install: build
	@cmake --install build --prefix "$(PREFIX)" > build/log-install || { cat build/log-install; exit 1; }
	@echo "installed $(DESTDIR)$(PREFIX)/bin/gradus"

bench:
	@sh scripts/install.sh build bench
	@sh bench/run.sh

format:
	@sh scripts/install.sh lint
	clang-format-19 -i $(SOURCES)

tidy:
	@sh scripts/install.sh build test lint
	@cmake --preset clang-debug > /dev/null
	@cmake --build --preset clang-debug
	clang-tidy-19 --quiet -p build/clang-debug $(filter %.c,$(filter-out tests/% bench/%,$(SOURCES)))

clean:
	rm -rf build
