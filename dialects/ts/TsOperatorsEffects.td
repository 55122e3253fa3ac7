// SPDX-License-Identifier: Apache-2.0
// Effects that schemas do not declare. To add an operator: its name in the list that fits.
#ifndef TSC_TS_OPERATORS_EFFECTS
#define TSC_TS_OPERATORS_EFFECTS

// Random numbers of a generator that the schema does not show as written, and clocks.
foreach operator = [
  "aten::_fused_dropout", "aten::_no_grad_normal_", "aten::_no_grad_uniform_", "aten::_sample_dirichlet",
  "aten::_scaled_dot_product_attention_math", "aten::_scaled_dot_product_efficient_attention",
  "aten::_scaled_dot_product_flash_attention", "aten::_scaled_dot_product_flash_attention_for_cpu",
  "aten::_standard_gamma", "aten::alpha_dropout", "aten::alpha_dropout_", "aten::bernoulli", "aten::bernoulli_",
  "aten::binomial", "aten::cauchy", "aten::cauchy_", "aten::dropout", "aten::dropout_", "aten::exponential",
  "aten::exponential_", "aten::feature_alpha_dropout", "aten::feature_alpha_dropout_", "aten::feature_dropout",
  "aten::feature_dropout_", "aten::geometric", "aten::geometric_", "aten::gru", "aten::log_normal",
  "aten::log_normal_", "aten::lstm", "aten::multinomial", "aten::native_dropout", "aten::normal", "aten::normal_",
  "aten::normal_functional", "aten::poisson", "aten::rand", "aten::rand_like", "aten::randint", "aten::randint_like",
  "aten::randn", "aten::randn_like", "aten::random", "aten::random_", "aten::randperm", "aten::rnn_relu",
  "aten::rnn_tanh", "aten::rrelu", "aten::rrelu_", "aten::rrelu_with_noise", "aten::rrelu_with_noise_",
  "aten::rrelu_with_noise_functional", "aten::scaled_dot_product_attention", "aten::uniform", "aten::uniform_",
  "prim::TimePoint", "prims::normal", "prims::uniform", "rngprims::philox_rand",
] in
  def : Ts_Operator<operator # ".*"> { let nondeterministic = 1; }

// Uninitialized memory: two of them are never the same, and none is a constant.
foreach operator = [
  "aten::empty", "aten::empty_like", "aten::empty_permuted", "aten::empty_quantized", "aten::empty_strided",
  "aten::new_empty", "aten::new_empty_strided", "prims::empty_permuted", "prims::empty_strided",
] in
  def : Ts_Operator<operator # ".*"> { let nondeterministic = 1; }

// Text, files, warnings, statistics, generators, global modes, and what Python would be asked for.
foreach operator = [
  "aten::_cufft_get_plan_cache_max_size", "aten::_cufft_get_plan_cache_size", "aten::from_file", "aten::initial_seed",
  "aten::manual_seed", "aten::save", "aten::seed", "aten::set_grad_enabled", "aten::warn",
  "prim::AddStatValue", "prim::IgnoredPythonOp", "prim::Print", "prim::PythonOp", "prim::RaiseException",
  "prim::rpc_async", "prim::rpc_remote", "prim::rpc_sync", "profiler::_record_function_enter",
  "profiler::_record_function_enter_new", "profiler::_record_function_exit",
] in
  def : Ts_Operator<operator # ".*"> { let sideEffects = 1; }

// Checks: called for the error that they raise.
foreach operator = [
  "aten::_assert_async", "aten::_assert_scalar", "aten::_assert_tensor_metadata", "aten::_functional_assert_async",
  "aten::_functional_assert_scalar",
] in
  def : Ts_Operator<operator # ".*"> { let sideEffects = 1; }

// Waiting runs or joins a task, which may do anything; autograd writes to tensors that no argument names.
foreach operator = [
  "aten::wait", "prim::awaitable_wait", "aten::backward", "aten::_backward", "aten::grad",
] in
  def : Ts_Operator<operator # ".*"> { let sideEffects = 1; }

#endif
