// SPDX-License-Identifier: Apache-2.0
// What the conversion of one program shares: the module being written, machine types, declarations
// of runtime entry points, static objects, descriptors, sites, and the functions that are still to
// be written.
#pragma once

#include "StaticData.h"
#include "tsc/Analysis/Representation.h"
#include "tsc/Common/Value.h"
#include "tsc/Conversion/TsToLLVM.h"
#include "tsc/Support/Diagnostics.h"
#include "tsc/Ts/TsDialect.h"

#include "llvm/ADT/StringSet.h"

#include <deque>

namespace tsc::lowering {

using mlir::Value; // the IR's; the run-time Value is spelled in words of static data, or as a Pair

class Program;

/// Type descriptors, one a type.
class Descriptors {
public:
  explicit Descriptors(Program &program) : program(program) {}
  /// The descriptor's symbol; it may be defined later, by finish().
  mlir::StringAttr get(mlir::Type type);
  /// An array of a type's descriptors; null for none.
  Word list(llvm::ArrayRef<mlir::Type> types);
  /// A method table of functions (first argument self, when `hasSelf`).
  Word methods(llvm::ArrayRef<std::pair<mlir::StringAttr, ts::FuncOp>> functions, bool hasSelf);
  void finish();
  bool isPending() const { return defined < symbols.size(); }
  /// The classes, enums and named tuples seen.
  llvm::ArrayRef<mlir::StringAttr> named() const { return namedTypes; }

private:
  void define(mlir::Type type, mlir::StringAttr symbol);
  void defineClass(ts::ClassOp op, mlir::Type type, Words &words);
  void defineInterface(ts::InterfaceOp op, Words &words);
  void defineEnum(ts::EnumOp op, Words &words);
  Word names(llvm::ArrayRef<llvm::StringRef> texts);
  bool mayFormCycles(mlir::Type type);

  Program &program;
  llvm::MapVector<mlir::Type, mlir::StringAttr> symbols;
  llvm::SmallVector<mlir::StringAttr> namedTypes;
  llvm::DenseMap<mlir::Type, bool> cycles;
  size_t defined = 0;
};

/// A type in annotation syntax: "List[int]", "Optional[Tensor]", "__torch__.M".
std::string annotationText(mlir::Type type);

/// Static objects of constants, and of a program's initial state.
class Constants {
public:
  explicit Constants(Program &program) : program(program) {}
  /// The two words of a Value that holds a constant.
  void appendValue(mlir::Attribute value, mlir::Type type, Words &words);
  /// The object behind a constant of pointer form; null for None.
  Word object(mlir::Attribute value, mlir::Type type);
  /// Finds out which storages methods may write: objects of the state then get copies of them.
  void findWrittenStorages();
  bool writesState() const { return hasWrites; }
  /// An object, or what is shared, of the initial state.
  Word symbolObject(mlir::FlatSymbolRefAttr name);
  /// A tuple of the root and, in turn, each object that __setstate__ fills and what it is to be
  /// called with.
  mlir::StringAttr setupObject(mlir::FlatSymbolRefAttr root, llvm::ArrayRef<ts::ObjectOp> stateful);
  /// Writes the objects that others refer to and that are not yet written.
  void finish();
  bool isPending() const { return !pendingObjects.empty(); }

private:
  mlir::StringAttr stringObject(llvm::StringRef text);
  mlir::StringAttr tensorObject(ts::TensorAttr tensor);
  mlir::StringAttr storageObject(int64_t storage);
  mlir::StringAttr quantizerObject(ts::QuantizerAttr quantizer);
  mlir::StringAttr listObject(ts::ListAttr list);
  mlir::StringAttr dictObject(ts::DictAttr dict);
  mlir::StringAttr tupleObject(ts::TupleAttr tuple);
  mlir::StringAttr complexObject(ts::ComplexAttr number);
  mlir::StringAttr enumObject(ts::EnumValueAttr member);
  void defineInstance(ts::ObjectOp op, mlir::StringAttr symbol);
  void appendHead(mlir::Type type, Words &words);
  Word listData(ts::ListAttr list);

  Program &program;
  llvm::DenseMap<mlir::Attribute, mlir::StringAttr> objects, symbols;
  llvm::SmallVector<ts::ObjectOp> pendingObjects;
  bool inState = false;
  llvm::DenseMap<int64_t, mlir::StringAttr> storages;
  llvm::DenseSet<int64_t> written;
  bool hasWrites = false;
};

/// The table of places for tracebacks.
class Sites {
public:
  explicit Sites(Program &program) : program(program) {}
  int32_t get(llvm::StringRef function, mlir::Location loc);
  /// The table's address and length.
  std::pair<Word, int64_t> finish();

private:
  int32_t add(llvm::StringRef function, mlir::Location loc, int32_t caller);
  Program &program;
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Attribute>, int32_t> known;
  Words words;
  int32_t count = 0;
};

class Program {
public:
  Program(mlir::ModuleOp source, mlir::ModuleOp target, const TsToLLVMOptions &options,
          DiagnosticEngine &diagnostics);

  // ---- The program that is converted
  template <typename Op> Op lookup(mlir::FlatSymbolRefAttr name) {
    return name ? llvm::dyn_cast_or_null<Op>(sourceSymbols.lookup(name.getAttr())) : Op();
  }
  ts::ClassOp classOf(mlir::Type type);
  ts::FuncOp methodOf(mlir::Type type, llvm::StringRef name);
  /// True when a method of this name may be looked up while running: through an interface, or by an
  /// operator (sort).
  bool isFoundByName(llvm::StringRef name) const {
    return name == "__lt__" || interfaceMethods.contains(name);
  }
  /// True when the program makes instances of the class while it runs, which then have unset
  /// attributes.
  bool isCreated(mlir::Type type) const { return createdClasses.contains(type); }

  // ---- The module that is written
  mlir::Type machineType(mlir::Type type);
  /// A runtime entry point of tsc/Common/Model.h, by name.
  mlir::LLVM::LLVMFuncOp runtime(llvm::StringRef name);
  /// An operator's kernel, by symbol.
  mlir::LLVM::LLVMFuncOp kernel(llvm::StringRef symbol);
  /// The compiled form of a function, declared until it is written.
  mlir::LLVM::LLVMFuncOp function(ts::FuncOp op);
  mlir::LLVM::LLVMFuncOp declare(llvm::StringRef name, mlir::TypeRange arguments,
                                 mlir::TypeRange results);
  /// The boxed entry in front of a compiled function; written when first asked for.
  mlir::StringAttr boxedEntry(mlir::LLVM::LLVMFuncOp function, mlir::TypeRange arguments,
                              mlir::TypeRange results);
  mlir::LLVM::LLVMFuncOp newFunction(llvm::StringRef name, mlir::Type result,
                                     llvm::ArrayRef<mlir::Type> arguments,
                                     mlir::LLVM::Linkage linkage);
  /// Writes every function that is declared and not yet written.
  void writeFunctions();
  bool hasPendingWork() const {
    return !pending.empty() || types.isPending() || constants.isPending();
  }
  /// The body of a task (ts.fork, ts.awaitable), written later as a function of its own.
  mlir::LLVM::LLVMFuncOp taskFunction(llvm::StringRef parent, mlir::Region &body,
                                      mlir::TypeRange results);

  // ---- Errors
  SourceLocation sourceLocation(mlir::Location loc);
  void reportUnsupported(mlir::Location loc, llvm::StringRef operatorName);
  /// A program that import should not have let through.
  void reportMalformed(mlir::Location loc, llvm::StringRef text);

  mlir::MLIRContext *context;
  const TsToLLVMOptions &options;
  mlir::ModuleOp source, target;
  mlir::Type voidType, i1, i8, i16, i32, i64, f64, pointer;
  mlir::LLVM::LLVMStructType valueType; ///< {tag, payload}
  StaticData data;
  Descriptors types;
  Constants constants;
  Sites sites;
  bool failed = false;
  /// Storages of the WeightStore that hold packed weights, by a digest of their bytes.
  llvm::StringMap<int64_t> packedWeights;
  /// Tasks of kernels by a hash of their code.
  llvm::DenseMap<size_t, llvm::SmallVector<mlir::LLVM::LLVMFuncOp>> tasks;

private:
  struct Pending {
    mlir::LLVM::LLVMFuncOp function;
    mlir::Region *body; ///< null: a boxed entry of `callee`
    std::string displayName;
    llvm::SmallVector<mlir::Type> arguments, results;
    mlir::LLVM::LLVMFuncOp callee;
  };
  DiagnosticEngine &diagnostics;
  mlir::SymbolTable sourceSymbols;
  mlir::OpBuilder builder;
  llvm::StringMap<mlir::LLVM::LLVMFuncOp> functions, kernels, entries;
  llvm::DenseMap<mlir::Type, mlir::Type> machineTypes;
  llvm::DenseSet<mlir::Type> createdClasses;
  llvm::StringMap<char> usedNames;
  llvm::StringSet<> interfaceMethods;
  llvm::StringSet<> reported;
  std::deque<Pending> pending;
};

/// ModelData, the state's template, `initialize` and the entry functions; asks for the exported
/// methods' code.
class ModelWriter {
public:
  explicit ModelWriter(Program &program) : program(program) {}
  /// Finds the exported methods and the root object. False when there is nothing to export.
  bool begin();
  /// Writes everything, once all functions, types and sites are known.
  void finish();

private:
  bool findStatefulObjects();
  mlir::StringAttr writeInitialize();
  /// A function that calls a runtime entry with the model's data in front of its own arguments; its
  /// symbol.
  mlir::StringAttr writeForwarder(llvm::StringRef name, llvm::StringRef runtimeName,
                                  mlir::LLVM::Linkage linkage, mlir::StringAttr modelData);
  bool isExported(llvm::StringRef shortName, llvm::StringRef qualifiedName) const;

  Program &program;
  ts::ObjectOp root;
  llvm::SmallVector<ts::ObjectOp> stateful; ///< objects that __setstate__ fills, inner ones first
  llvm::SmallVector<mlir::StringAttr> setStateEntries;
  mlir::StringAttr setup;
  Word rootType = Word::null(), methodTable = Word::null();
  int64_t methodCount = 0;
};

} // namespace tsc::lowering
