// SPDX-License-Identifier: Apache-2.0
// FunctionEmitter: one function's syntax tree to one ts.func, in SSA form at once. Variables live
// in frames, one for each block; a branch or loop makes block results and arguments of what its
// blocks assign.
//
// The rules of evaluation order, types, conversions and names are TorchScript's: an archive's graph
// must come out as it went in. A value carries the type that its variable was declared with, which
// may be wider than the value's own.
#pragma once

#include "Definitions.h"
#include "Upgraders.h"

#include "mlir/IR/Builders.h"

#include "llvm/ADT/StringSet.h"

#include <map>

namespace tsc::importer {

/// What functions of one program share.
class Program {
public:
  Program(mlir::MLIRContext *context, DiagnosticEngine &engine) : definitions(context, engine) {}
  /// Has a function emitted, once.
  void request(Function &function) {
    if (!function.requested) {
      function.requested = true;
      queue.push_back(&function);
    }
  }
  Definitions definitions;
  mlir::ModuleOp module;
  unsigned version = 10; ///< of the archive's operators
  UpgraderLibrary upgraders;
  std::vector<Function *> queue;
  llvm::StringSet<> emitted; ///< names of functions
  unsigned calleeDepth = 0;  ///< functions being emitted because a caller needs their result's type
};

struct TypedValue {
  mlir::Value value;
  mlir::Type type;
  explicit operator bool() const { return static_cast<bool>(value); }
};

/// What an expression stands for before it must be a value.
struct Sugar {
  enum Kind : uint8_t {
    None,      ///< an error was reported
    Simple,    ///< `value`
    Namespace, ///< "aten", "ops", "prim", or "__torch__.a", in `name`
    Builtin,   ///< operators called `name`; `value` is the self that a method call binds
    Form,      ///< special syntax called `name`: annotate, isinstance, ...
    Cast,      ///< int(x) and its like: to `type`, by operator `name`
    Reference, ///< `definition`: a class, function, named tuple or enum
    Method,    ///< method `name` of `value`
    Constants, ///< the constant table
    Closure,   ///< `closure`: a nested function
    Exception, ///< an exception class `name`
    Iterable,  ///< range, zip, enumerate over `items`, for loops only
  } kind = None;
  TypedValue value;
  std::string name;
  mlir::Type type;
  Definition *definition = nullptr;
  const python::FunctionDef *closure = nullptr;
  std::vector<Sugar> items;

  static Sugar simple(TypedValue value);
  explicit operator bool() const { return kind != None; }
};

/// An argument of a call.
struct Argument {
  std::string name; ///< of keyword arguments
  TypedValue value;
  python::Range range;
};

/// One parameter that an argument is matched with: of an operator's schema or of a user's function.
struct Formal {
  llvm::StringRef name;
  const ts::SchemaType *schemaType = nullptr;
  mlir::Type type; ///< where schemaType is null
  bool keywordOnly = false;
  int64_t fixedSize = 0;
  const ts::SchemaDefault *schemaDefault = nullptr;
  mlir::Attribute defaultValue;
};

/// What a condition says of variables: name and narrowed type.
using Refinements = std::vector<std::pair<std::string, mlir::Type>>;
struct Condition {
  TypedValue value;
  Refinements whenTrue, whenFalse;
  std::optional<bool> known; ///< decided when compiling
};

class FunctionEmitter {
public:
  FunctionEmitter(Program &program, Function &function);
  /// Emits the function at the module's end; false after a report.
  bool emit();

private:
  // ---- Names and frames (Frames.cpp)
  struct Binding {
    Sugar sugar;
    mlir::Type declared; ///< what loads are typed as
  };
  struct Frame {
    mlir::Block *block = nullptr;
    std::map<std::string, Binding> variables;
    std::map<std::string, std::string> errors; ///< why a variable that was assigned is not defined
  };
  Binding *findVariable(llvm::StringRef name, bool skipInnermost = false);
  bool assign(llvm::StringRef name, Sugar value, python::Range range, mlir::Type annotated = {});
  Sugar load(llvm::StringRef name, python::Range range);
  /// Gives a value a debug name; whoever had it gets a numbered one.
  void claimName(llvm::StringRef name, mlir::Value value);
  void nameValue(llvm::StringRef name, mlir::Value value);

  // ---- Early exits (Exits.cpp)
  /// How a block ends: not early, by return or raise (its variables are not needed), by break or
  /// continue (they are).
  enum class Exit : uint8_t { No, Ends, Leaves };
  bool beginExits(python::StmtList body, python::Range range);
  bool finishFunction(python::Range range);
  bool emitBody(python::StmtList body);
  bool emitUnlessExited(python::StmtList rest, const Refinements &refinements, bool mayHaveLeft);
  bool emitReturn(const python::Return &stmt);
  bool emitDelete(const python::Delete &stmt);
  TypedValue emitInPlace(const python::AugAssign &stmt, TypedValue left);
  bool emitAugmentedItem(const python::AugAssign &stmt, const python::Subscript &target);
  bool isNumber(mlir::Type type) const;
  bool emitLeave(bool isBreak, python::Range range);
  bool passReturnOn(python::Range range);
  std::string loopFlag(llvm::StringRef name) const;
  void setFlag(llvm::StringRef name, bool value, python::Range range);

  // ---- Statements (Statements.cpp)
  bool emitStatement(const python::Stmt &stmt);
  bool emitAssign(const python::Expr &target, Sugar value, python::Range range);
  bool emitAssignStatement(const python::Assign &stmt);
  bool emitAnnotated(const python::AnnAssign &stmt);
  bool emitUnpack(python::ExprList targets, Sugar value, python::Range range);
  bool emitSetAttribute(const python::Attribute &target, Sugar value, python::Range range);
  bool emitAugmented(const python::AugAssign &stmt);
  bool emitRaise(const python::Raise &stmt);
  bool emitAssert(const python::Assert &stmt);
  bool emitSetItem(const python::Subscript &target, Sugar value, python::Range range);
  bool emitWith(const python::With &stmt);
  bool emitIf(const python::If &stmt);
  bool emitBranches(const Condition &condition, python::Range range,
                    llvm::function_ref<bool()> emitThen, llvm::function_ref<bool()> emitElse);
  struct MergedVariable {
    std::string name;
    mlir::Value values[2];
    mlir::Type stored, declared;
  };
  /// The variables that both sides of a branch know, with what they are on either.
  llvm::SmallVector<MergedVariable> mergedVariables(ts::IfOp op, Frame (&sides)[2],
                                                    const bool (&ends)[2], python::Range range);
  bool mergeBranches(ts::IfOp op, Frame (&sides)[2], const Exit (&sideExits)[2],
                     python::Range range);
  bool emitWhile(const python::While &stmt);
  bool emitLoopBody(const python::Expr *test, python::StmtList body, python::Range range,
                    llvm::function_ref<bool()> emitTarget, TypedValue &goOn);
  bool emitFor(const python::For &stmt);
  /// How often a loop goes round, and what its target is in each turn.
  struct Iteration {
    TypedValue trips;
    std::function<TypedValue(TypedValue turn)> item;
  };
  std::optional<Iteration> iterate(const Sugar &iterable, python::Range range);
  std::optional<Iteration> iterateRange(const Sugar &bounds, python::Range range);
  std::optional<Iteration> iterateTogether(const Sugar &iterables, python::Range range);
  TypedValue emitComprehension(const python::Comprehension &expr, mlir::Type hint);
  /// A loop without variables of its own; `body` gets the turn.
  bool emitPlainLoop(TypedValue trips, python::Range range,
                     llvm::function_ref<bool(TypedValue turn)> body);
  bool emitComprehensionBody(const python::Comprehension &expr, const Iteration &iteration,
                             TypedValue turn, mlir::Type hint, TypedValue &made);
  bool emitLoop(TypedValue trips, const python::Expr *test, python::StmtList body,
                python::Range range, llvm::function_ref<bool(mlir::Value)> emitTarget,
                const python::Expr *target);

  // ---- Expressions (Expressions.cpp)
  Sugar emitSugar(const python::Expr &expr, mlir::Type hint = {});
  TypedValue emitExpr(const python::Expr &expr, mlir::Type hint = {});
  /// The value that an expression's meaning stands for; null after a report.
  TypedValue asValue(const Sugar &sugar, python::Range range);
  Sugar emitName(const python::Name &expr);
  TypedValue emitNamedNumber(const python::Name &expr);
  Sugar emitAttribute(const Sugar &base, llvm::StringRef name, python::Range range);
  Sugar emitValueAttribute(TypedValue base, llvm::StringRef name, python::Range range);
  Sugar emitReferenceAttribute(const Sugar &base, llvm::StringRef name, python::Range range);
  TypedValue emitList(const python::List &expr, mlir::Type hint);
  TypedValue emitDict(const python::Dict &expr, mlir::Type hint);
  TypedValue emitListOf(const python::Call &expr, mlir::Type hint);
  TypedValue emitDictOf(const python::Call &expr, mlir::Type hint);
  TypedValue emitDictOfPairs(const Sugar &pairs, python::Range range);
  TypedValue emitTuple(const python::Tuple &expr, mlir::Type hint);
  TypedValue emitSubscript(const python::Subscript &expr, mlir::Type hint);
  TypedValue emitSlice(TypedValue base, const python::Slice &slice, python::Range range,
                       int64_t dim = 0);
  TypedValue emitTensorIndex(TypedValue base, python::ExprList parts, python::Range range);
  /// What an index's numbers, slices and Nones leave of a tensor; its tensors are left to the
  /// caller.
  TypedValue emitTensorView(TypedValue base, python::ExprList parts,
                            llvm::SmallVectorImpl<TypedValue> &tensors, python::Range range);
  /// `x[1:] = value`: writes through the view, or puts at the places that tensors name.
  bool emitSetTensorItem(const python::Subscript &target, TypedValue base, TypedValue stored);
  /// A slice in an index, also one that is written as a call of `slice`.
  std::optional<python::Slice> asSlice(const python::Expr &expr) const;
  TypedValue emitTupleIndex(TypedValue tuple, TypedValue index, python::Range range);
  std::optional<llvm::SmallVector<TypedValue>> unpackTuple(TypedValue value, size_t wanted,
                                                           python::Range range);
  Condition emitCondition(const python::Expr &expr);
  Condition emitNoneTest(const python::Compare &expr);
  Condition emitShortCircuit(const python::BoolOp &expr);
  bool collectTypes(const python::Expr &expr, llvm::SmallVectorImpl<mlir::Type> &found);
  Condition emitIsInstance(const python::Expr &object, const python::Expr &types);
  TypedValue toBool(TypedValue value, python::Range range);
  void refine(const Refinements &refinements, python::Range range);

  // ---- Operators of ordinary source (SourceOperators.cpp)
  Sugar emitOperator(const python::Expr &expr);
  TypedValue emitBinary(python::BinaryOp op, TypedValue left, TypedValue right,
                        python::Range range);
  TypedValue emitCompare(const python::Compare &expr);

  // ---- Calls (Calls.cpp)
  Sugar emitCall(const python::Call &expr, mlir::Type hint);
  Sugar emitTypedForm(llvm::StringRef form, const python::Call &expr);
  Sugar emitRange(const python::Call &expr);
  Sugar emitForm(const Sugar &callee, const python::Call &expr, mlir::Type hint);
  Sugar call(const Sugar &callee, llvm::ArrayRef<Argument> args, llvm::ArrayRef<Argument> keywords,
             python::Range range);
  bool emitCalleeNow(Function &callee, python::Range range);
  Sugar callFunction(Function &function, llvm::ArrayRef<Argument> args,
                     llvm::ArrayRef<Argument> keywords, python::Range range);
  Sugar callMethod(TypedValue self, llvm::StringRef name, llvm::ArrayRef<Argument> args,
                   llvm::ArrayRef<Argument> keywords, python::Range range);
  Sugar constructTuple(Definition &definition, llvm::ArrayRef<Argument> args,
                       llvm::ArrayRef<Argument> keywords, python::Range range);
  Sugar constructObject(Definition &definition, llvm::ArrayRef<Argument> args,
                        llvm::ArrayRef<Argument> keywords, python::Range range);
  Sugar callOpaqueMethod(TypedValue self, llvm::StringRef name, llvm::ArrayRef<Argument> args,
                         python::Range range);
  std::optional<TypedValue> emitToList(const python::Expr &expr, mlir::Type type);
  bool emitForkBody(const Sugar &callee, llvm::ArrayRef<Argument> args,
                    llvm::ArrayRef<Argument> keywords, mlir::Block *block, python::Range range,
                    mlir::Type &result);
  Sugar emitFork(const python::Call &expr, bool isAwaitable);
  bool collectArguments(const python::Call &expr, llvm::SmallVectorImpl<Argument> &args,
                        llvm::SmallVectorImpl<Argument> &keywords, size_t skip = 0);

  // ---- Matching (SchemaMatch.cpp)
  TypedValue callBuiltin(llvm::StringRef name, llvm::ArrayRef<Argument> args,
                         llvm::ArrayRef<Argument> keywords, python::Range range);
  std::optional<llvm::SmallVector<TypedValue>>
  matchArguments(llvm::ArrayRef<Formal> formals, bool varargs, llvm::ArrayRef<Argument> args,
                 llvm::ArrayRef<Argument> keywords, bool conversions, TypeVariables &variables,
                 python::Range range, std::string &why);
  TypedValue matchArgument(const Formal &formal, TypedValue value, bool conversions,
                           TypeVariables &variables, python::Range range, std::string &why);
  TypedValue collectList(const Formal &formal, llvm::ArrayRef<Argument> rest, bool conversions,
                         TypeVariables &variables, python::Range range, std::string &why);
  TypedValue emitOperatorCall(const ts::OperatorRow &row, llvm::ArrayRef<TypedValue> operands,
                              const TypeVariables &variables, python::Range range);
  /// Puts the upgrader's body in place of a call.
  TypedValue emitUpgraded(const Upgrader &upgrader, llvm::ArrayRef<TypedValue> operands,
                          python::Range range);
  TypedValue emitDefault(const Formal &formal, const TypeVariables &variables, python::Range range);
  TypedValue convert(TypedValue value, mlir::Type wanted, bool conversions, python::Range range);
  /// convert, with a report when the value does not fit.
  TypedValue convertOrReport(TypedValue value, mlir::Type wanted, python::Range range);

  // ---- Building (Emitter.cpp)
  mlir::Location loc(python::Range range) const { return source.irLocation(types.context, range); }
  TypedValue constant(mlir::Attribute value, mlir::Type type, python::Range range);
  TypedValue none(python::Range range) {
    return constant(builder.getUnitAttr(), types.none, range);
  }
  /// A number written in the program: one constant for each value, before all other code.
  TypedValue literal(mlir::Attribute value, mlir::Type type, python::Range range);
  TypedValue makeList(llvm::ArrayRef<TypedValue> items, mlir::Type element, python::Range range);
  TypedValue makeTuple(llvm::ArrayRef<TypedValue> items, python::Range range, mlir::Type type = {});
  template <typename... Args> bool report(python::Range range, Diag code, Args &&...args) {
    definitions.engine.report(source.location(range), code, std::forward<Args>(args)...);
    return false;
  }
  std::string text(mlir::Type type) const;
  bool isSub(mlir::Type a, mlir::Type b) { return isSubtype(a, b, definitions); }

  Program &program;
  Definitions &definitions;
  Function &function;
  const Source &source;
  const Types &types;
  mlir::OpBuilder builder;
  ts::FuncOp op;
  /// The type of the first value that the function returns; null where there is none.
  mlir::Type findResult();
  mlir::Type returnType; ///< of the function or closure being emitted; null: not yet known
  std::vector<Frame> frames;
  llvm::DenseMap<std::pair<mlir::Attribute, mlir::Type>, mlir::Value> literals;
  std::map<std::string, mlir::Value, std::less<>>
      owners; ///< debug names in use; null: by something dropped
  std::map<std::string, int64_t, std::less<>> suffixes;
  llvm::DenseSet<mlir::Value>
      emptyLists;            ///< `[]` without a type: a list of any type, as an argument
  Exit exits = Exit::No;     ///< of the block being emitted
  bool flagsReturns = false; ///< returns set flags, since some are inside blocks
  bool findsResult =
      false; ///< emission ends, without a report, where the first return gives the result's type
  unsigned loopDepth = 0; ///< loops around the statement being emitted, in this function or closure
  Refinements pendingRefinements; ///< what the end of an `if` says of what follows it
};

} // namespace tsc::importer
