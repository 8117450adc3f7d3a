# Draws loaded-latency.svg from loaded-latency.csv: run `gnuplot loaded-latency.gp` in this directory.
set terminal svg size 960,600 noenhanced font 'Arial,15' background '#FFFFFF' name 'lookahead'
set output 'loaded-latency.svg'
set encoding utf8
set datafile separator comma
set datafile missing ''
set title "Measured latency of 1 thread while 1 loads the memory" font 'Arial,17'
set border 3 linewidth 1.2 linecolor '#404040'
set tics nomirror out textcolor '#202020'
set grid linecolor '#E4E4E4' linetype 1 linewidth 1
set bars small
set xlabel 'Bandwidth at the memory (GB/s)'
set ylabel 'Latency (ns)'
set xrange [0:30.61073762538475]
set yrange [0:233.48325000000003]
set bmargin 7.20
set key at screen 0.5, screen 0.015 bottom center horizontal maxcols 2 samplen 2.5 spacing 1.15 font 'Arial,14'
plot 'loaded-latency.csv' skip 1 using ($1 == 5 ? $2 : NaN):3 with lines linewidth 2 linecolor '#0072B2' notitle, \
  'loaded-latency.csv' skip 1 using ($1 == 6 ? $2 : NaN):3 with lines linewidth 2 linecolor '#D55E00' notitle, \
  'loaded-latency.csv' skip 1 using ($1 == 7 ? $2 : NaN):3 with lines linewidth 2 linecolor '#009E73' notitle, \
  'loaded-latency.csv' skip 1 using ($1 == 8 ? $2 : NaN):3 with lines linewidth 2 linecolor '#CC79A7' notitle, \
  'loaded-latency.csv' skip 1 using ($1 == 1 ? $2 : NaN):3 with points pointsize 1.1 linecolor '#0072B2' pointtype 7 title "reads, read ratio 1.0", \
  'loaded-latency.csv' skip 1 using ($1 == 2 ? $2 : NaN):3 with points pointsize 1.1 linecolor '#D55E00' pointtype 5 title "copies, read ratio 0.67", \
  'loaded-latency.csv' skip 1 using ($1 == 3 ? $2 : NaN):3 with points pointsize 1.1 linecolor '#009E73' pointtype 9 title "writes, read ratio 0.50", \
  'loaded-latency.csv' skip 1 using ($1 == 4 ? $2 : NaN):3 with points pointsize 1.1 linecolor '#CC79A7' pointtype 13 title "non-temporal writes, read ratio 0"
