// SPDX-License-Identifier: Apache-2.0
// The words of the command line. CLI11 reads them into the structs of lib/Driver; nothing is
// decided here that a caller of the library would have to decide again.
#include "CommandLine.h"

#include "tsc/CodeGenCPU/Target.h"
#include "tsc/Driver/Commands.h"
#include "tsc/Link/Linker.h"

#include "llvm/Support/raw_ostream.h"

#include <CLI/CLI.hpp>

namespace tsc {

namespace {
/// What the options of all forms are read into.
struct Words {
  CompileCommand compile;
  RunCommand run;
  BenchCommand bench;
  InspectCommand inspect;
  CheckCommand check;
  std::vector<std::string> argTexts;
  std::string optimization = "2", emit;
  double relative = -1, absolute = -1;
  std::optional<bool> speculate;
  bool noFreeze = false, noFuse = false, noCodegen = false, noSpecialize = false;
  bool toObject = false, toAssembly = false, emitLLVM = false, printRuntime = false, json = false;
};
} // namespace

static CLI::Option *addList(CLI::App &app, const std::string &name, std::vector<std::string> &list,
                            const std::string &help) {
  // One value an option, so that none swallows the model's name.
  return app.add_option(name, list, help)->allow_extra_args(false);
}

static void addCompileOptions(CLI::App &app, CompileOptions &o, Words &w) {
  app.add_option("-O", w.optimization, "optimization, 0 to 3 (default 2)")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"0", "1", "2", "3"}))
      ->take_last();
  app.add_option("--target", o.triple, "triple to make code for (default: this machine's)")
      ->take_last();
  app.add_option("--march", o.march,
                 "CPU to make code for: a name, a level such as x86-64-v3, or native (default)")
      ->take_last();
  app.add_option("--device", o.device, "where the model runs: cpu")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->take_last();
  app.add_flag("--no-freeze,!--freeze", w.noFreeze,
               "keep attributes as state instead of making them constants");
  addList(app, "--preserve", o.preserve, "attribute to keep when freezing, such as encoder.scale");
  app.add_flag("--no-fuse,!--fuse", w.noFuse, "compile each operator alone");
  app.add_flag("--no-codegen", w.noCodegen, "use the generic kernel of every operator");
  app.add_flag(
      "--speculate,!--no-speculate", [&w](int64_t count) { w.speculate = count > 0; },
      "run the program on its arguments to learn sizes that cannot be proven (default: "
      "but for tsc run)");
  app.add_flag("--defer-unsupported", o.deferUnsupported,
               "an operator that is not supported raises when it is reached");
  app.add_option("--max-expanded", o.maxExpanded,
                 "bytes that compressed members of the archive may expand to");
  app.add_flag("-g", o.keepSymbols, "keep symbols");
  app.add_flag("-v,--verbose", o.verbose, "say what is done");
  app.add_flag("--time-report", o.timeReport, "time of each phase");
  app.add_flag("--verify-each", o.verifyEach, "check the program after every pass");
  app.add_flag("--json", w.json, "errors (and results of inspect) as JSON");
}

static void addCompileForm(CLI::App &app, Words &w) {
  CompileOptions &o = w.compile.options;
  app.add_option("MODEL", o.input,
                 "a TorchScript archive, a .py file, or a .mlir file of an earlier phase");
  addList(app, "-o", o.outputs, "output; its suffix says what: .so .a .o .s .ll .bc .mlir .h .hpp")
      ->type_name("OUT");
  app.add_flag("-c", w.toObject, "an object (.o)");
  app.add_flag("-S", w.toAssembly, "assembly (.s)");
  app.add_flag("--emit-llvm", w.emitLLVM, "with -S LLVM IR as text (.ll), else as bitcode (.bc)");
  app.add_option("--emit", w.emit, "stop after a phase and write a .mlir")
      ->check(CLI::IsMember({"import", "freeze", "optimize", "specialize", "fuse", "lower"}))
      ->take_last();
  app.add_option("--dump-graph", w.compile.dumpGraph,
                 "print the graph in TorchScript's text form (default: imported)")
      ->check(CLI::IsMember({"imported", "inlined", "frozen", "optimized"}))
      ->take_last();
  app.add_flag("--dump-code", w.compile.dumpCode, "print the program as Python");
  addList(app, "--method", o.methods, "method to compile (default: all that are exported)");
  addList(app, "--input", o.signatures, "what an argument is, as a promise: 'x:f32[N,3,224,224]'")
      ->type_name("NAME:TYPE");
  addList(app, "--args", o.argsFiles, "file of arguments whose types and sizes are a promise")
      ->type_name("FILE");
  addList(app, "--specialize", o.versions,
          "a version for some sizes, tried first: 'x:f32[8,3,224,224]', or N=8 of an --input")
      ->type_name("SIZES");
  app.add_flag("--fallback", o.fallback,
               "run arguments that --input and --args do not promise, on generic kernels");
  app.add_option("--symbol-prefix", o.symbolPrefix,
                 "of <prefix>_model (default: the output's name)")
      ->take_last();
  app.add_flag("--print-runtime", w.printRuntime,
               "print the path of the runtime that objects are linked with");
  addCompileOptions(app, o, w);
}

static void addCallOptions(CLI::App &app, SessionOptions &session, ArgumentSources &arguments,
                           Words &w) {
  app.add_option("MODEL", session.model, "a compiled model, or one to compile first")->required();
  addList(app, "--args", arguments.files, "file of the arguments: .pt of a tuple, .npy, .npz")
      ->type_name("FILE");
  addList(app, "--arg", w.argTexts,
          "argument: a Python literal, @FILE, rand:f32[2,3], randint:i64[2,3]:0:9")
      ->type_name("NAME=VALUE");
  app.add_option("--method", session.method, "method to call (default: forward)")->take_last();
  app.add_option("--threads", session.threads, "threads of the model (default: one a CPU)")
      ->take_last();
  app.add_flag("--no-specialize,!--specialize", w.noSpecialize,
               "do not compile for the types and sizes of the arguments");
  addList(app, "--input", session.compile.signatures, "what an argument is, as a promise")
      ->type_name("NAME:TYPE");
  addCompileOptions(app, session.compile, w);
}

static void addRunForm(CLI::App &app, Words &w) {
  addCallOptions(app, w.run.session, w.run.arguments, w);
  app.add_flag("--compare-codegen", w.run.session.compile.compareCodegen,
               "run compiled kernels on generic ones too, and name the first that differs");
  app.add_option("--expect", w.run.expect, "file of the result to compare with")->type_name("FILE");
  app.add_option("--expect-args", w.run.expectArgs, "file of the arguments as the call leaves them")
      ->type_name("FILE");
  app.add_option("--again", w.run.again, "call once more with fresh arguments; file of that result")
      ->type_name("FILE");
  app.add_option("--save", w.run.save, "write the result: .pt or .npy")->type_name("FILE");
  app.add_option("--rtol", w.relative, "relative tolerance (default: by dtype)")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--atol", w.absolute, "absolute tolerance (default: by dtype)")
      ->check(CLI::NonNegativeNumber);
}

static void addForms(CLI::App &app, Words &w) {
  addCompileForm(app, w);
  addRunForm(*app.add_subcommand("run", "run a method, print or compare its result"), w);
  CLI::App &bench = *app.add_subcommand("bench", "time a method; one line of JSON");
  addCallOptions(bench, w.bench.session, w.bench.arguments, w);
  bench.add_option("--seconds", w.bench.seconds, "how long (default 2)")
      ->check(CLI::PositiveNumber);
  bench.add_flag("--profile", w.bench.profile,
                 "then print the time of each kernel (with --json: as JSON)");
  CLI::App &inspect = *app.add_subcommand("inspect", "say what is in a model or a compiled model");
  inspect.add_option("MODEL", w.inspect.options.input, "model or compiled model")->required();
  inspect.add_flag("--json", w.json, "as JSON");
  CLI::App &check = *app.add_subcommand("check", "say what of a model cannot be compiled");
  check.add_option("MODEL", w.check.options.input, "model")->required();
  addList(check, "--method", w.check.options.methods, "method to check (default: all)");
  addCompileOptions(check, w.check.options, w);
  app.require_subcommand(0, 1);
  app.footer("Exit codes: 0 done; 1 bad input; 2 bad command line; 3 not supported; 4 the program "
             "raised; 5 results differ;\n"
             "70 a fault of tsc.");
}

/// What follows from several words at once.
static void settle(CompileOptions &o, const Words &w, const char *argv0) {
  o.optimization = static_cast<unsigned>(w.optimization[0] - '0');
  o.freeze = !w.noFreeze;
  o.fuse = !w.noFuse;
  o.codegen = !w.noCodegen;
  if (!w.emit.empty())
    o.emit = findPhase(w.emit);
  o.installPrefix = installPrefixOf(argv0);
}

/// The output when none is named.
static void addDefaultOutput(CompileCommand &command, const Words &w) {
  CompileOptions &o = command.options;
  if (!o.outputs.empty() || command.dumpGraph || command.dumpCode)
    return;
  std::string stem = o.input.substr(o.input.find_last_of('/') + 1);
  stem = stem.substr(0, stem.find_last_of('.'));
  if (o.emit)
    o.outputs = {stem + ".mlir"};
  else if (w.toAssembly)
    o.outputs = {stem + (w.emitLLVM ? ".ll" : ".s")};
  else if (w.emitLLVM)
    o.outputs = {stem + ".bc"};
  else
    o.outputs = {w.toObject ? stem + ".o" : "lib" + stem + ".so"};
}

static bool splitArgTexts(const Words &w, ArgumentSources &arguments, DiagnosticEngine &engine) {
  for (const std::string &text : w.argTexts) {
    size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return engine.report({}, Diag::BadCommandLine, "--arg '" + text + "': expected NAME=VALUE"),
             false;
    arguments.texts.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return true;
}

static void printRuntime(const CompileOptions &o, DiagnosticEngine &engine) {
  std::unique_ptr<cpu::Target> target =
      cpu::Target::create({o.triple, o.march, o.optimization}, engine);
  if (!target)
    return;
  if (std::optional<RuntimeFiles> files =
          findRuntime(o.installPrefix, target->triple(), target->runtimeLevels(), engine))
    llvm::outs() << files->archive << '\n';
}

static void execute(CLI::App &app, Words &w, const char *argv0, DiagnosticEngine &engine) {
  for (CompileOptions *o : {&w.compile.options, &w.run.session.compile, &w.bench.session.compile,
                            &w.inspect.options, &w.check.options})
    settle(*o, w, argv0);
  w.run.session.specialize = w.bench.session.specialize = !w.noSpecialize;
  for (const CompileOptions *o :
       {&w.compile.options, &w.run.session.compile, &w.bench.session.compile})
    if (o->device != "cpu") {
      engine.report({}, Diag::DeviceUnsupported, o->device);
      return;
    }
  if (w.speculate.value_or(true) && !w.compile.options.argsFiles.empty())
    w.compile.options.observed = ArgumentSources{w.compile.options.argsFiles, {}};
  if (app.got_subcommand("run")) {
    if (w.relative >= 0)
      w.run.tolerances.relative = w.relative;
    if (w.absolute >= 0)
      w.run.tolerances.absolute = w.absolute;
    if (splitArgTexts(w, w.run.arguments, engine)) {
      if (w.speculate.value_or(false))
        w.run.session.compile.observed = w.run.arguments;
      runRun(w.run, engine);
    }
  } else if (app.got_subcommand("bench")) {
    w.bench.json = w.json;
    if (splitArgTexts(w, w.bench.arguments, engine)) {
      if (w.speculate.value_or(w.bench.session.specialize))
        w.bench.session.compile.observed = w.bench.arguments;
      runBench(w.bench, engine);
    }
  } else if (app.got_subcommand("inspect")) {
    w.inspect.json = w.json;
    runInspect(w.inspect, engine);
  } else if (app.got_subcommand("check")) {
    runCheck(w.check, engine);
  } else if (w.printRuntime) {
    printRuntime(w.compile.options, engine);
  } else if (w.compile.options.input.empty()) {
    engine.report({}, Diag::BadCommandLine, "no model is given; see tsc --help");
  } else {
    addDefaultOutput(w.compile, w);
    w.compile.options.noteNativeCode = true;
    runCompile(w.compile, engine);
  }
}

int runCommandLine(int argc, char **argv) {
  DiagnosticEngine engine;
  Words words;
  CLI::App app("Compiles TorchScript models to native code.", "tsc");
  app.set_version_flag("--version", "tsc " TSC_VERSION);
  addForms(app, words);
  try {
    std::vector<std::string> rewritten = rewriteArguments({argv + 1, argv + argc});
    std::reverse(rewritten.begin(), rewritten.end()); // CLI11 takes the words from the back
    app.parse(rewritten);
    execute(app, words, argv[0], engine);
  } catch (const CLI::Success &success) {
    return app.exit(success); // prints help or the version
  } catch (const CLI::ParseError &error) {
    engine.report({}, Diag::BadCommandLine, std::string(error.what()));
  } catch (const std::bad_alloc &) {
    engine.report({}, Diag::InternalError, "out of memory");
  }
  llvm::outs().flush();
  if (words.json)
    engine.printJson(llvm::errs());
  else
    engine.printText(llvm::errs());
  return engine.exitCode();
}

} // namespace tsc
